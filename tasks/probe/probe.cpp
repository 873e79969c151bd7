// bitnet-probe: does the installation that it was compiled against work, and which one is it?
// One line of JSON on stdout: the constants of its build, the libraries that the loader really
// found, and what they answer. Exit 0, or 1 with "error" in the JSON and a line on stderr.
//
// A library that the loader cannot find or bind ends the program before main(): exit 127 on Linux,
// the loader's own words on stderr and no JSON.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif
#endif

#include "detect_constants.h"
#ifdef PROBE_WITHOUT_HEADERS
// As llama.h has declared them since 2024.
extern "C" {
void llama_backend_init(void);
void llama_backend_free(void);
const char *llama_print_system_info(void);
bool llama_supports_mmap(void);
size_t llama_max_devices(void);
}
#else
#include "llama.h"
#endif

#ifndef PROBE_VERSION
#define PROBE_VERSION "0.1.0"
#endif

#if defined(_WIN32)
static const char *const libraryPrefix = "";
static const char *const librarySuffix = ".dll";
#elif defined(__APPLE__)
static const char *const libraryPrefix = "lib";
static const char *const librarySuffix = ".dylib";
#else
static const char *const libraryPrefix = "lib";
static const char *const librarySuffix = ".so";
#endif

static int probe();
static int loadEach(const std::vector<std::string> &paths);
static int fail(std::string json, const std::string &message);
static void bindEverything(char **argv);
static std::string constantsJson();
static std::string answersJson();
static bool loadLibrary(const std::string &name, std::string &error);
static std::string loadedPath(const std::string &baseName);
static std::string realPath(const std::string &path);
static std::string quoted(const std::string &text);
static const char *boolean(bool value);

static const std::string opening = "{\"tool\":\"bitnet-probe\"";

int main(int argc, char **argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.empty()) {
      bindEverything(argv);
      return probe();
    }
    if (arguments[0] == "--version" && arguments.size() == 1) {
      std::printf("bitnet-probe %s\n", PROBE_VERSION);
      return 0;
    }
    if (arguments[0] == "--load" && arguments.size() > 1) {
      bindEverything(argv);
      return loadEach({arguments.begin() + 1, arguments.end()});
    }
    return fail(opening, "usage: bitnet-probe [--version | --load PATH...]");
  } catch (const std::exception &thrown) {
    return fail(opening, thrown.what());
  }
}

static int probe() {
  const std::vector<std::string> names = BT_LIBRARIES;
  std::string missing;
  std::string list;
  for (const std::string &name : names) {
    const std::string file = libraryPrefix + name + librarySuffix;
    std::string error = "the loader knows no file of it";
    // Not every library is needed by libllama (the libbitnet shim is not): those are asked for here,
    // and found through the same RPATH.
    std::string path = loadedPath(name);
    if (path.empty() && loadLibrary(file, error)) path = loadedPath(name);

    const bool loaded = !path.empty();
    if (!loaded && missing.empty()) missing = "\"" + file + "\" does not load: " + error;
    list += std::string(list.empty() ? "" : ",") + "{\"name\":" + quoted(file) +
            ",\"path\":" + (loaded ? quoted(path) : "null") + ",\"loaded\":" + boolean(loaded) + "}";
  }

  const std::string json = opening + ",\"constants\":" + constantsJson() + ",\"libraries\":[" + list + "]";
  if (!missing.empty()) return fail(json, missing);
  std::printf("%s,\"answers\":%s}\n", json.c_str(), answersJson().c_str());
  return 0;
}

static int loadEach(const std::vector<std::string> &paths) {
  std::string firstError;
  std::string list;
  for (const std::string &path : paths) {
    std::string error;
    const bool ok = loadLibrary(path, error);
    if (!ok && firstError.empty()) firstError = "\"" + path + "\" does not load: " + error;
    list += std::string(list.empty() ? "" : ",") + "{\"path\":" + quoted(path) + ",\"ok\":" + boolean(ok) +
            (ok ? "" : ",\"error\":" + quoted(error)) + "}";
  }
  const std::string json = opening + ",\"load\":[" + list + "]";
  if (!firstError.empty()) return fail(json, firstError);
  std::printf("%s}\n", json.c_str());
  return 0;
}

// `json` is an object that is still open.
static int fail(std::string json, const std::string &message) {
  json += ",\"error\":" + quoted(message) + "}";
  std::printf("%s\n", json.c_str());
  std::fprintf(stderr, "bitnet-probe: %s\n", message.c_str());
  return 1;
}

// The loader binds functions at their first call, so a libllama beside a libggml of another version
// would look well. LD_BIND_NOW binds all at the start, but is read before main(): start once more.
static void bindEverything(char **argv) {
#ifdef __linux__
  const char *const bound = std::getenv("LD_BIND_NOW");
  if (bound != nullptr && *bound != '\0') return;
  if (setenv("LD_BIND_NOW", "1", 1) == 0) execv("/proc/self/exe", argv);
  // Without /proc we go on as we are: a weaker probe, not a failed one.
#else
  (void)argv;
#endif
}

static std::string constantsJson() {
#ifdef BT_LIBBITNET
  const std::string libbitnet = std::string(",\"libbitnet\":") + quoted(BT_LIBBITNET);
#else
  const std::string libbitnet;
#endif
  return "{\"backend\":" + quoted(BT_BACKEND) + ",\"device\":" + quoted(BT_DEVICE) +
         ",\"hasLlama\":" + boolean(BT_HAS_LLAMA) + ",\"hasBitnet\":" + boolean(BT_HAS_BITNET) +
         ",\"backendState\":" + quoted(BT_BACKEND_STATE) + ",\"source\":" + quoted(BT_SOURCE) + libbitnet +
         "}";
}

// Only what llama.cpp had in October 2024 (the one inside BitNet) and still has.
static std::string answersJson() {
  llama_backend_init();
  const char *const systemInfo = llama_print_system_info();
  const std::string answers = "{\"systemInfo\":" + quoted(systemInfo == nullptr ? "" : systemInfo) +
                              ",\"supportsMmap\":" + boolean(llama_supports_mmap()) +
                              ",\"maxDevices\":" + std::to_string(llama_max_devices()) + "}";
  llama_backend_free();
  return answers;
}

// What is loaded stays loaded: unloading runs destructors, which is not the question here.
static bool loadLibrary(const std::string &name, std::string &error) {
#ifdef _WIN32
  if (LoadLibraryA(name.c_str()) != nullptr) return true;
  error = "LoadLibrary failed with error " + std::to_string(GetLastError());
  return false;
#else
  if (dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return true;
  const char *const reason = dlerror();
  error = reason == nullptr ? "dlopen failed" : reason;
  return false;
#endif
}

// `libggml.so`, `libggml.so.0`, `libggml.0.dylib` are files of "ggml"; `libggml-base.so` is not.
static bool isFileOf(const std::string &path, const std::string &baseName) {
  const std::string file = path.substr(path.rfind('/') + 1);
  const std::string start = libraryPrefix + baseName + ".";
  return file.compare(0, start.size(), start) == 0 && file.find(librarySuffix) != std::string::npos;
}

#if defined(_WIN32)

static std::string loadedPath(const std::string &baseName) {
  const HMODULE module = GetModuleHandleA((baseName + librarySuffix).c_str());
  char path[MAX_PATH];
  const DWORD length = module == nullptr ? 0 : GetModuleFileNameA(module, path, MAX_PATH);
  return std::string(path, length);
}

static std::string realPath(const std::string &path) { return path; }

#else

#ifdef __APPLE__

static std::string loadedPath(const std::string &baseName) {
  for (uint32_t i = 0; i < _dyld_image_count(); i++) {
    const char *const name = _dyld_get_image_name(i);
    if (name != nullptr && isFileOf(name, baseName)) return realPath(name);
  }
  return "";
}

#else

static std::string loadedPath(const std::string &baseName) {
  struct Search {
    const std::string &baseName;
    std::string path;
  } search{baseName, ""};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) -> int {
        Search &wanted = *static_cast<Search *>(data);
        if (info->dlpi_name == nullptr || !isFileOf(info->dlpi_name, wanted.baseName)) return 0;
        wanted.path = realPath(info->dlpi_name);
        return 1;
      },
      &search);
  return search.path;
}

#endif

static std::string realPath(const std::string &path) {
  char *const resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  const std::string result = resolved;
  std::free(resolved);
  return result;
}

#endif

static std::string quoted(const std::string &text) {
  std::string json = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') {
      json += '\\';
      json += character;
    } else if (static_cast<unsigned char>(character) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(character));
      json += escape;
    } else {
      json += character;
    }
  }
  return json + "\"";
}

static const char *boolean(bool value) { return value ? "true" : "false"; }
