# SPDX-License-Identifier: Apache-2.0
"""Check the shipped files: structure of every model, the spotter pair, and (with runners) every sample on every layout.

Reads the .tflite files with a small reader of its own, not with the writer. Exit status 0 if all is well.
"""
import glob
import json
import os
import struct
import sys

import numpy as np

import evaluate as ev

bad = []


def expect(ok, what):
    if not ok:
        bad.append(what)
        print('FAIL', what)


# ---------------------------------------------------------------- reading a FlatBuffer
def u32(b, p):
    return struct.unpack_from('<I', b, p)[0]


def field(b, table, number):
    """Position of a field of a table, or None where the field is absent."""
    vt = table - struct.unpack_from('<i', b, table)[0]
    size = struct.unpack_from('<H', b, vt)[0]
    off = struct.unpack_from('<H', b, vt + 4 + 2 * number)[0] if 4 + 2 * number < size else 0
    return table + off if off else None


def child(b, table, number):
    p = field(b, table, number)
    return None if p is None else p + u32(b, p)


def tables(b, vec):
    return [vec + 4 + 4 * i + u32(b, vec + 4 + 4 * i) for i in range(u32(b, vec))]


def span(b, vec, size):
    """(first byte, length) of a vector's elements."""
    return (vec + 4, u32(b, vec) * size) if vec is not None else (0, 0)


def read(path):
    """Tensors as dicts, and the byte spans that an update of weights and quantisation may change."""
    b = open(path, 'rb').read()
    model = u32(b, 0)
    buffers = tables(b, child(b, model, 4))
    graph, = tables(b, child(b, model, 2))
    out, spans = [], []
    for i, t in enumerate(tables(b, child(b, graph, 0))):
        shape, name = child(b, t, 0), child(b, t, 3)
        kind, buf, quant = field(b, t, 1), field(b, t, 2), child(b, t, 4)
        data = child(b, buffers[u32(b, buf)], 0) if buf else None
        info = dict(index=i, shape=list(np.frombuffer(b, '<i4', u32(b, shape), shape + 4)), type=b[kind] if kind else 0,
                    name=b[name + 4:name + 4 + u32(b, name)].decode(), bytes=u32(b, data) if data else 0, scales=0)
        if data and info['name'].split('/')[-1] != 'shape':
            spans.append(span(b, data, 1))
            expect((data + 4) % 16 == 0, f'{path}: tensor {i} data aligned to 16')
        if quant is not None:
            info['scales'] = u32(b, child(b, quant, 2))
            spans += [span(b, child(b, quant, 2), 4), span(b, child(b, quant, 3), 8)]
            expect(child(b, quant, 3) % 8 == 4, f'{path}: tensor {i} zero points aligned to 8')
        out.append(info)
    return b, out, spans


def masked(b, spans):
    m = bytearray(b)
    for start, n in spans:
        m[start:start + n] = bytes(n)
    return bytes(m)


def check_limits(path):
    """What small boards and update formats ask of a model. Returns its tensors."""
    b, tensors, _ = read(path)
    expect(len(b) < 60000, f'{path}: under 60 KB')
    expect(len(tensors) < 256, f'{path}: tensor indices fit in 8 bits')
    expect(all(np.prod(t['shape']) < 65536 for t in tensors if t['bytes']), f'{path}: element counts fit in 16 bits')
    return tensors


def check_model(name):
    path = os.path.join(ev.OUT, name + '.tflite')
    tensors = check_limits(path)
    labels = open(os.path.join(ev.OUT, name + '.labels.txt')).read().split()
    expect(len(labels) == tensors[-1]['shape'][-1] or name.startswith('watcher'), f'{name}: one score for each label')


def check_spotters():
    """An update of weights must be able to turn one into the other: all else is equal."""
    a, b = (read(os.path.join(ev.OUT, f'spotter-{w}.tflite')) for w in ('bad', 'smart'))
    expect(a[1] == b[1], 'spotter: same tensors')
    expect(masked(a[0], a[2]) == masked(b[0], b[2]), 'spotter: all other bytes are equal')
    differ = sum(x != y for x, y in zip(a[0], b[0]))
    print(f'spotter pair: {len(a[0])} bytes, {differ} differ, all in weights, biases, scales and zero points')


def stems(folder):
    return sorted(os.path.basename(p)[:-4] for p in glob.glob(os.path.join(ev.OUT, folder, '*.bin')))


def load(folder, names, kind):
    return np.stack([np.fromfile(os.path.join(ev.OUT, folder, n + '.bin'), kind) for n in names])


def check_samples(name):
    """Golden output for each sample; with runners: the same from every layout. Returns how many runs were made."""
    folder = ('spotter' if name.startswith('spotter') else name) + '-samples'
    names = stems(folder)
    expect(stems(name + '-golden') == names, f'{name}: a golden output for each sample')
    card = json.load(open(os.path.join(ev.OUT, name + '.json')))
    kind = {'int8': np.int8, 'float32': np.float32}[card['input']['type']]
    feed, want = load(folder, names, kind), load(name + '-golden', names, kind).tobytes()
    model = open(os.path.join(ev.OUT, name + '.tflite'), 'rb').read()
    for layout in ev.RUNNERS:
        out, report = ev.invoke(model, feed, layout, ('--min-arena',))
        expect(out.tobytes() == want, f'{name}: {layout} gives the golden outputs')
        for key in ('arena_used_bytes', 'min_arena_bytes'):
            expect(card['tflm_arena'][layout][key] == report[key], f'{name}: {layout} {key}')
    return len(names) * len(ev.RUNNERS)


def check_film(name):
    feed = np.fromfile(os.path.join(ev.OUT, 'film-samples', 'frames.bin'), np.int8).reshape(-1, 48 * 48)
    want = np.fromfile(os.path.join(ev.OUT, 'film-samples', name + '.out'), np.int8)
    expect(len(want) == 2 * len(feed), f'film: two scores of {name} for each frame')
    model = open(os.path.join(ev.OUT, name + '.tflite'), 'rb').read()
    for layout in ev.RUNNERS:
        expect(ev.invoke(model, feed, layout)[0].tobytes() == want.tobytes(), f'film: {name} on {layout}')


def main():
    models = sorted(os.path.basename(p)[:-7] for p in glob.glob(os.path.join(ev.OUT, '*.tflite')))
    for name in models:
        check_model(name)
    check_spotters()
    runs = sum(check_samples(name) for name in models)
    for name in ('person', 'object'):
        check_film(name)
    verdict = f'{len(bad)} failures' if bad else 'all well'
    print(f'{len(models)} models, {runs} sample runs on {", ".join(ev.RUNNERS) or "no runner"}: {verdict}')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
