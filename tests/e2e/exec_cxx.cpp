// exec_cxx SAMPLES: a C++ program for tests/e2e/exec.sh: a window of samples, statistics by name, aligned and nothrow
// new. std::bad_alloc is caught: status 3. It knows nothing of thimble.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace
{
struct alignas(64) Line { // needs the aligned operator new
    float v[16];
};

const std::string before_main(100, 'x'); // a constructor that allocates

int handled = 0;
char *reserve = nullptr;

void give_reserve() // a new-handler that helps once
{
    handled++;
    if (!reserve)
        throw std::bad_alloc();
    delete[] reserve;
    reserve = nullptr;
}

float window_mean(std::size_t samples)
{
    std::vector<float> window;
    for (std::size_t i = 0; i < samples; i++)
        window.push_back(static_cast<float>(i % 7));
    float sum = 0;
    for (float f : window)
        sum += f;
    return sum / static_cast<float>(samples);
}

bool is_aligned(const void *p, std::size_t n)
{
    return reinterpret_cast<std::uintptr_t>(p) % n == 0;
}
} // namespace

int main(int argc, char **argv)
{
    const std::size_t samples = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 100;
    std::unique_ptr<Line> line(new Line());
    std::unique_ptr<Line[]> lines(new Line[3]);
    if (!is_aligned(line.get(), 64) || !is_aligned(lines.get(), 64) || before_main.size() != 100)
        return 1;
    if (new (std::nothrow) char[std::size_t(1) << 31])
        return 1;
    try {
        std::map<std::string, float> named;
        for (int i = 0; i < 20; i++)
            named["statistic number " + std::to_string(i)] = window_mean(samples);
        std::printf("mean %.3f of %zu samples, %zu names\n", named.begin()->second, samples, named.size());
    } catch (const std::bad_alloc &) {
        std::printf("std::bad_alloc\n");
        return 3;
    }
    reserve = new char[4000];
    std::set_new_handler(give_reserve);
    try {
        for (;;)
            static_cast<void>(new char[3000]); // ends when the reserve is gone, too
    } catch (const std::bad_alloc &) {
        return handled == 2 ? 0 : 1;
    }
}
