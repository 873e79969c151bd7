// Compiled with -DFIXTURE_SLOW=ON only: seconds of compiler time, so that a test has something to kill.
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

template <int N>
static size_t count_words(const std::string & text) {
    struct words {
        std::map<std::string, std::function<size_t(const std::string &)>> counters;
    } all;
    const std::basic_regex<char> word("[a-z]{" + std::to_string(N) + "}", std::regex::icase);
    all.counters["narrow"] = [&](const std::string & line) {
        return static_cast<size_t>(std::distance(std::sregex_iterator(line.begin(), line.end(), word), {}));
    };
    std::ostringstream log;
    log << all.counters["narrow"](text);
    return log.str().size();
}

extern "C" size_t llama_fixture_slow(const char * text) {
    const std::string line(text);
    const size_t words = count_words<1>(line) + count_words<2>(line);
    std::clog << words << '\n';
    return words;
}
