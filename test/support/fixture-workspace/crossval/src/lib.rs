// What the build script found.
pub const HAS_BITNET: bool = is_true(option_env!("CROSSVAL_HAS_BITNET"));
pub const HAS_LLAMA: bool = is_true(option_env!("CROSSVAL_HAS_LLAMA"));
pub const BACKEND_STATE: &str = match option_env!("CROSSVAL_BACKEND_STATE") {
    Some(state) => state,
    None => "none",
};

const fn is_true(text: Option<&str>) -> bool {
    match text {
        Some(word) => matches!(word.as_bytes(), b"true"),
        None => false,
    }
}

#[cfg(feature = "llama-ffi")]
extern "C" {
    fn fixture_max_devices() -> u64;
}

/// What libllama answers; 0 without it.
#[cfg(feature = "llama-ffi")]
pub fn max_devices() -> u64 {
    unsafe { fixture_max_devices() }
}
