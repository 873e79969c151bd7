// Prints its constants as it was compiled.
use std::process::exit;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("constants") => constants(),
        Some("preflight") => preflight(args.get(2).map(String::as_str)),
        // Stands for all that has nothing to do with the backends.
        Some("greet") => println!("{}", bitnet_kernels::greeting()),
        other => {
            eprintln!("error: unrecognized subcommand {other:?}");
            exit(2)
        }
    }
}

#[cfg(feature = "crossval")]
fn constants() {
    use bitnet_crossval::{max_devices, BACKEND_STATE, HAS_BITNET, HAS_LLAMA};
    println!(
        "{{\"hasBitnet\":{HAS_BITNET},\"hasLlama\":{HAS_LLAMA},\"state\":\"{BACKEND_STATE}\",\"devices\":{}}}",
        max_devices()
    );
}

#[cfg(not(feature = "crossval"))]
fn constants() {
    println!("null");
}

#[cfg(feature = "crossval")]
fn preflight(backend: Option<&str>) {
    use bitnet_crossval::{HAS_BITNET, HAS_LLAMA};
    let is_there = match backend {
        Some("bitnet") => HAS_BITNET,
        Some("llama") => HAS_LLAMA,
        _ => exit(2),
    };
    if std::env::var_os("BITNET_REPAIR_PARENT").is_none() {
        eprintln!("it would start a repair of its own");
        exit(70);
    }
    if !is_there {
        eprintln!("Error: backend still unavailable after repair");
        exit(1);
    }
}

#[cfg(not(feature = "crossval"))]
fn preflight(_backend: Option<&str>) {
    eprintln!("error: unrecognized subcommand 'preflight'");
    exit(2);
}
