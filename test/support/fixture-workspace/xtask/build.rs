// Embeds the folders of the backend's libraries, by priority, as an RPATH.
use std::env;
use std::path::{Path, PathBuf};

const VARIABLES: [&str; 6] = [
    "BITNET_CROSSVAL_LIBDIR",
    "BITNET_CPP_DIR",
    "BITNET_CPP_PATH",
    "LLAMA_CPP_DIR",
    "CROSSVAL_RPATH_BITNET",
    "CROSSVAL_RPATH_LLAMA",
];
const BELOW_BITNET: [&str; 6] = [
    "build/3rdparty/llama.cpp/build/bin",
    "build/lib",
    "build/bin",
    "build/3rdparty/llama.cpp/src",
    "build/3rdparty/llama.cpp/ggml/src",
    "build",
];
const BELOW_LLAMA: [&str; 5] = ["build", "build/bin", "build/lib", "src", "ggml/src"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for variable in VARIABLES {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    if env::var_os("CARGO_FEATURE_CROSSVAL").is_none() {
        return;
    }
    let mut entries: Vec<String> = Vec::new();
    for folder in folders() {
        let path = folder.canonicalize().unwrap().display().to_string();
        if !entries.contains(&path) {
            entries.push(path);
        }
    }
    if !entries.is_empty() {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", entries.join(":"));
    }
}

fn folders() -> Vec<PathBuf> {
    let named = |variable| env::var_os(variable).map(PathBuf::from);
    if let Some(only) = named("BITNET_CROSSVAL_LIBDIR").filter(|path| path.exists()) {
        return vec![only];
    }
    let given: Vec<PathBuf> = ["CROSSVAL_RPATH_BITNET", "CROSSVAL_RPATH_LLAMA"]
        .into_iter()
        .filter_map(named)
        .filter(|path| path.exists())
        .collect();
    if !given.is_empty() {
        return given;
    }
    let mut found = Vec::new();
    if let Some(root) = named("BITNET_CPP_DIR") {
        found.extend(below(&root, &BELOW_BITNET));
    }
    if let Some(root) = named("LLAMA_CPP_DIR") {
        found.extend(below(&root, &BELOW_LLAMA));
    }
    if found.is_empty() {
        let cache = Path::new(&env::var("HOME").unwrap_or_default()).join(".cache");
        found.extend(below(&cache.join("bitnet_cpp"), &BELOW_BITNET[..5]));
        found.extend(below(&cache.join("llama_cpp"), &BELOW_LLAMA[..3]));
    }
    found
}

fn below(root: &Path, names: &[&str]) -> Vec<PathBuf> {
    names
        .iter()
        .map(|name| root.join(name))
        .filter(|path| path.exists())
        .collect()
}
