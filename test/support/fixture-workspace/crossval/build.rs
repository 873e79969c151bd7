// Looks for libraries when it is compiled and bakes the answer in. On purpose it asks for no rerun when
// a variable changes: that is why a build after an installation does not see it.
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDERS: [&str; 7] = [
    "build/3rdparty/llama.cpp/build/bin",
    "build/lib",
    "build/bin",
    "build/3rdparty/llama.cpp/src",
    "build/3rdparty/llama.cpp/ggml/src",
    "build",
    "lib",
];
const INCLUDES: [&str; 4] = [
    "include",
    "ggml/include",
    "3rdparty/llama.cpp/include",
    "3rdparty/llama.cpp/ggml/include",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/wrapper.cc");
    if env::var_os("CARGO_FEATURE_LLAMA_FFI").is_none() {
        return;
    }
    let chosen = env::var_os("BITNET_CPP_DIR");
    let root = PathBuf::from(
        chosen
            .clone()
            .or(env::var_os("BITNET_CPP_PATH"))
            .unwrap_or_else(|| {
                Path::new(&env::var("HOME").unwrap_or_default())
                    .join(".cache/bitnet_cpp")
                    .into()
            }),
    );
    let folders = match env::var_os("BITNET_CROSSVAL_LIBDIR") {
        Some(only) => vec![PathBuf::from(only)],
        None => FOLDERS.iter().map(|name| root.join(name)).collect(),
    };
    let mut has_bitnet = false;
    let mut has_llama = false;
    let mut rpath: Vec<String> = Vec::new();
    for folder in folders.iter().filter(|folder| folder.exists()) {
        println!("cargo:rustc-link-search=native={}", folder.display());
        let names = libraries(folder);
        for name in &names {
            println!("cargo:rustc-link-lib=dylib={name}");
            has_bitnet |= name.starts_with("bitnet");
            has_llama |= name.starts_with("llama") || name.starts_with("ggml");
        }
        if !names.is_empty() {
            let real = folder.canonicalize().unwrap().display().to_string();
            if !rpath.contains(&real) {
                rpath.push(real);
            }
        }
    }
    let has_headers = root.join("include").exists() || root.join("src").exists();
    let state = match (has_bitnet, has_llama) {
        (true, _) if chosen.is_some() && has_headers => "full",
        (false, true) => "llama",
        _ => "none",
    };
    wrapper(&root, state != "none");
    println!("cargo:rustc-env=CROSSVAL_HAS_BITNET={has_bitnet}");
    println!(
        "cargo:rustc-env=CROSSVAL_HAS_LLAMA={}",
        has_llama || has_bitnet
    );
    println!("cargo:rustc-env=CROSSVAL_BACKEND_STATE={state}");
    if !rpath.is_empty() {
        rpath.sort();
        println!("cargo:rustc-env=CROSSVAL_RPATH_BITNET={}", rpath.join(":"));
    }
}

// `libllama.so` counts, `libllama.so.0` does not, and no `.dll` does.
fn libraries(folder: &Path) -> Vec<String> {
    let entries = folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut names: Vec<String> = entries
        .filter(|path| {
            matches!(
                path.extension().and_then(|e| e.to_str()),
                Some("so" | "dylib" | "a")
            )
        })
        .filter_map(|path| {
            path.file_stem()?
                .to_str()?
                .strip_prefix("lib")
                .map(String::from)
        })
        .filter(|name| {
            ["bitnet", "llama", "ggml"]
                .iter()
                .any(|stem| name.starts_with(stem))
        })
        .collect();
    names.sort();
    names
}

fn wrapper(root: &Path, is_real: bool) {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let object = out.join("wrapper.o");
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler
        .args(["-std=c++17", "-fPIC", "-c", "src/wrapper.cc", "-o"])
        .arg(&object);
    if is_real {
        compiler.arg("-DWITH_LLAMA");
        compiler.args(INCLUDES.map(|name| format!("-I{}", root.join(name).display())));
    }
    assert!(
        compiler.status().unwrap().success(),
        "the wrapper does not compile"
    );
    let archive = out.join("libwrapper.a");
    let status = Command::new("ar")
        .arg("crs")
        .arg(&archive)
        .arg(&object)
        .status();
    assert!(status.unwrap().success(), "ar failed");
    println!("cargo:rustc-link-search=native={}", out.display());
    println!("cargo:rustc-link-lib=static=wrapper");
    println!("cargo:rustc-link-lib=dylib=stdc++");
}
