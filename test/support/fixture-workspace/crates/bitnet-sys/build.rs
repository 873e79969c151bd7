// Compiles a shim against the backend's headers, by the names that they had before 2025-01-12.
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BITNET_CPP_DIR");
    if std::env::var_os("CARGO_FEATURE_FFI").is_none() {
        return;
    }
    let cache = Path::new(&std::env::var("HOME").unwrap_or_default()).join(".cache/bitnet_cpp");
    let root = std::env::var_os("BITNET_CPP_DIR").map_or(cache, PathBuf::from);
    if !root.exists() {
        return;
    }
    assert!(
        root.join("build").exists(),
        "no build folder in {}",
        root.display()
    );
    let includes = [
        "include",
        "ggml/include",
        "3rdparty/llama.cpp/include",
        "3rdparty/llama.cpp/ggml/include",
    ]
    .map(|name| format!("-I{}", root.join(name).display()));
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let status = Command::new(compiler)
        .args(["-std=c++17", "-fsyntax-only", "src/shim.cc"])
        .args(includes)
        .status();
    assert!(status.unwrap().success(), "the shim does not compile");
}
