"""An HTTPS server whose files change between requests: changing_server.py CERT KEY READY-FILE FOLDER-A FOLDER-B

/MODE/N/KEY/FILE is FOLDER-A's for the first N requests with that KEY, and FOLDER-B's from then on. MODE: how it tells.
honest: strong ETags, If-Range is kept to; hasty: the right ETag, but If-Range is not looked at; weak: the same with weak ETags;
silent: no ETag; liar: one ETag for both, and If-Range is kept to, for what that is worth."""
import hashlib
import http.server
import os
import re
import ssl
import sys

cert, key, ready, *folders = sys.argv[1:]
requests = {}


def etag_of(mode, data):
    digest = hashlib.sha256(data).hexdigest()[:16]
    return {"silent": None, "liar": '"same"', "weak": f'W/"{digest}"'}.get(mode, f'"{digest}"')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def part(self, mode, etag, size):
        """The first byte and the one behind the last, and whether that is what was asked for."""
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if not wanted or (condition and mode in ("honest", "liar") and condition != etag):
            return 0, size, False
        return int(wanted[1]), min(int(wanted[2]) + 1, size) if wanted[2] else size, True

    def do_GET(self):
        _, mode, first, name, file = self.path.split("/")
        requests[name] = requests.get(name, 0) + 1
        with open(os.path.join(folders[requests[name] > int(first)], os.path.basename(file)), "rb") as f:
            data = f.read()
        etag = etag_of(mode, data)
        start, end, partial = self.part(mode, etag, len(data))
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        try:
            self.wfile.write(data[start:end])
        except (ssl.SSLError, OSError):
            pass # a board that hangs up


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(ready + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(ready + ".new", ready)
server.serve_forever()
