// timeout: 300
// In a BitNet-rs checkout `cargo run` stands in for the fresh process: real cargo, rustc and a small
// workspace with a package xtask in it.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { RUST } from '../support/rust.ts'
import { suite } from '../support/suite.ts'
import { type Called, type CallOptions, call } from './support/call.ts'
import { inHome, newFolder, removeFolder, toolFolder } from './support/home.ts'

const cargo = suite('re-exec by cargo')

const shelf = newFolder()
const workspace = join(shelf, 'BitNet-rs')
cargo.before(() => {
  writeWorkspace(workspace)
  // Once for all tests: the first compilation takes longest.
  execFileSync('cargo', ['build', '-q', '-p', 'xtask', '--features', 'crossval-all'], {
    cwd: workspace,
    env: { ...process.env, ...RUST },
  })
})
cargo.after(() => removeFolder(shelf))

const GONE = '/nowhere/node'
const binary = join(workspace, 'target/debug/xtask')

/** In the checkout, with a Node that cannot be executed. */
function inCheckout(args: readonly string[], more: Partial<CallOptions> = {}): Promise<Called> {
  return call({
    cwd: workspace,
    args,
    ...more,
    options: { program: GONE, tool: { workspace }, ...more.options },
    env: { ...RUST, CARGO_TERM_QUIET: 'true', ...more.env },
  })
}

cargo(
  'AC-092 AC-104 AC-106 AC-107 AC-108 T3 T8 a program that is gone: cargo run gives the verdict, and says how',
  async () => {
    const { code, stderr, fresh } = await inCheckout([
      'preflight',
      '--backend',
      'bitnet',
      '--repair=auto',
    ])
    assert.is(
      stderr,
      `[repair] Re-executing with updated detection...
[reexec] exe: /nowhere/node
[reexec] exe exists: false
[reexec] args: ["preflight", "--backend", "bitnet", "--repair=auto"]
[reexec] Binary doesn't exist, skipping exec()
[reexec] Trying cargo run fallback...
[reexec] Fallback command: cargo run -p xtask --features crossval-all -- ["preflight", "--backend", "bitnet", "--repair=auto"]
[reexec] Fallback child exited with code: 0
`,
    )
    assert.is(code, 0)
    assert.equal(fresh().args, ['preflight', '--backend', 'bitnet', '--repair=auto'])
  },
)

cargo('AC-092 where xtask itself is gone cargo builds it again', async () => {
  fs.rmSync(binary)
  const { code, fresh, stderr } = await inCheckout(['preflight'])
  assert.is(code, 0, stderr)
  assert.equal(fresh().args, ['preflight'])
  assert.ok(fs.existsSync(binary))
})

cargo(
  'AC-093 T2 a program that vanishes after it was seen: cargo run succeeds',
  inHome(async (home) => {
    const program = join(home, 'node')
    fs.copyFileSync(process.execPath, program)
    const { code, stderr } = await inCheckout(['preflight'], {
      options: { program },
      remove: { file: program, after: '[reexec] exe exists: true' },
    })
    assert.is(code, 0, stderr)
    assert.ok(
      stderr.includes(
        `[reexec] Fast path failed: ENOENT: no such file or directory, access '${program}'
[reexec] Error kind: NotFound (ENOENT)
[reexec] Trying cargo run fallback...
`,
      ),
      stderr,
    )
  }),
)

cargo(
  'AC-094 one that may not be executed, or is no program: cargo run succeeds',
  inHome(async (home) => {
    for (const [mode, text, kind] of [
      [0o644, 'x', 'PermissionDenied (EACCES)'],
      [0o755, 'x', 'Uncategorized (ENOEXEC)'],
    ] as const) {
      const program = join(home, kind)
      fs.writeFileSync(program, text, { mode })
      const { code, stderr } = await inCheckout(['preflight'], { options: { program } })
      assert.is(code, 0, stderr)
      assert.ok(stderr.includes(`[reexec] Error kind: ${kind}\n[reexec] Trying cargo run`), stderr)
    }
  }),
)

cargo('AC-110 T4 on Windows cargo.exe is the only way: exec is not attempted', async () => {
  const folder = join(shelf, 'windows')
  fs.mkdirSync(folder)
  const cargoPath = execFileSync('sh', ['-c', 'command -v cargo'], { encoding: 'utf8' }).trim()
  const script = `#!/bin/sh\n: >"$0.ran"\nexec '${cargoPath}' "$@"\n`
  fs.writeFileSync(join(folder, 'cargo.exe'), script, { mode: 0o755 })
  const { code, stderr } = await inCheckout(['preflight'], {
    options: { program: process.execPath, platform: 'win32' },
    env: { PATH: `${folder}:${process.env['PATH']}` },
  })
  assert.is(code, 0, stderr)
  assert.not.match(stderr, /Attempting exec|Fast path/)
  assert.match(stderr, '[reexec] Trying cargo run fallback...\n')
  assert.ok(fs.existsSync(join(folder, 'cargo.exe.ran')))
})

cargo('AC-090 AC-091 with a sound program cargo is not even looked for', async () => {
  const { code, pid, fresh, stderr } = await inCheckout(['preflight'], {
    options: { program: process.execPath },
    env: { PATH: '/nowhere' },
  })
  assert.is(code, 0, stderr)
  assert.is(fresh().pid, pid)
  assert.not.match(stderr, /cargo/)
})

cargo(
  'AC-096 AC-097 AC-275 AC-276 T6 every argument arrives unchanged: none of them is read by cargo or a shell',
  async () => {
    const lists = [
      [],
      ['', ' ', 'What is 2+2?', "it's", '"x"', 'a\\b', 'a\nb', '\ttab', 'ünïcödé 模型 🙂'],
      ["'; rm -rf /; #", '$(touch canary)', '`touch canary`', '*', '%PATH%'],
      ['--', '--release', '--version', '-p', 'other', '--', '+nightly'],
      Array.from({ length: 150 }, (_, i) => `--flag-${i}=${'v'.repeat(i)}`),
    ]
    for (const args of lists) {
      const { code, fresh, stderr } = await inCheckout(args)
      assert.is(code, 0, stderr)
      assert.equal(fresh().args, args)
    }
    assert.is(fs.existsSync(join(workspace, 'canary')), false)
  },
)

cargo(
  'AC-098 AC-099 AC-122 T5 guard, other variables, working directory and stdin reach it, also from elsewhere',
  inHome(async (home) => {
    const env = { BITNET_DETERMINISTIC: '1', BITNET_SEED: '42', BITNET_GPU_LAYERS: '0', STDIN: '1' }
    for (const cwd of [workspace, join(workspace, 'xtask/src'), home]) {
      const { fresh, stderr } = await inCheckout([], { cwd, env, stdin: 'typed\n' })
      const found = fresh()
      assert.is(found.cwd, cwd, stderr)
      assert.is(found.stdin, 'typed\n')
      for (const [name, value] of Object.entries({ ...env, BITNET_REPAIR_PARENT: '1' }))
        assert.is(found.env[name], value, name)
      const manifest = cwd === workspace ? '' : ` --manifest-path ${workspace}/Cargo.toml`
      assert.ok(
        stderr.includes(
          `Fallback command: cargo run -p xtask --features crossval-all${manifest} -- []`,
        ),
        stderr,
      )
    }
  }),
)

for (const end of [0, 1, 42, 101])
  cargo(`AC-111 T7 its exit code ${end} becomes ours`, async () => {
    const { code, stderr } = await inCheckout([], { env: { END: `${end}` } })
    assert.is(code, end, stderr)
    assert.match(stderr, `[reexec] Fallback child exited with code: ${end}\n`)
  })

cargo('AC-112 T7 when a signal ends it our exit code is 128 and its number', async () => {
  const { code, signal, stderr } = await inCheckout([], { env: { END: 'abort' } })
  assert.is(signal, undefined)
  assert.is(code, 134, stderr)
})

cargo('features and defaults of the rebuild are those of the fallback', async () => {
  const { code, stderr } = await inCheckout([], {
    options: { tool: { workspace, features: 'crossval', defaultFeatures: false } },
  })
  assert.match(
    stderr,
    'Fallback command: cargo run -p xtask --features crossval --no-default-features -- []\n',
  )
  // The package has no default feature `gpu` then, which the program says by its exit code.
  assert.is(code, 77, stderr)
})

const RECOVERY = `
The installation is as it was; what was built is kept, and the next preflight takes it up
See: docs/howto/reexec-troubleshooting.md

Exit code: 1 (re-exec failed)
`

cargo(
  'AC-113 AC-114 AC-117 AC-118 without cargo: the command, both errors, three steps, exit 1',
  inHome(async (home) => {
    const { code, stdout, stderr } = await inCheckout(['preflight'], {
      env: { PATH: `${home}:.:` },
    })
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.is(
      stderr.slice(stderr.indexOf('Re-exec failed')),
      `Re-exec failed: cargo not found in PATH
Tried: cargo run -p xtask --features crossval-all -- ...
exec() error: ENOENT: no such file or directory, '/nowhere/node' (kind: NotFound (ENOENT))
cargo run error: ENOENT: no such file or directory, 'cargo' is in no folder of PATH (kind: NotFound (ENOENT))

Recovery steps:
1. Install cargo: https://rustup.rs/
2. Verify cargo in PATH: which cargo
3. Retry preflight with --repair=auto
${RECOVERY}`,
    )
  }),
)

cargo(
  'AC-113 AC-115 AC-117 a cargo that may not be executed: its path and how to mend it, exit 1',
  inHome(async (home) => {
    const found = join(home, 'cargo')
    fs.writeFileSync(found, '', { mode: 0o644 })
    const { code, stderr } = await inCheckout(['preflight'], { env: { PATH: home } })
    assert.is(code, 1)
    assert.is(
      stderr.slice(stderr.indexOf('Re-exec failed')),
      `Re-exec failed: permission denied executing cargo
Tried: cargo run -p xtask --features crossval-all -- ...
exec() error: ENOENT: no such file or directory, '/nowhere/node' (kind: NotFound (ENOENT))
cargo run error: EACCES: permission denied, access '${found}' (kind: PermissionDenied (EACCES))

Recovery steps:
1. Make it executable: chmod +x ${found}
2. Verify: cargo --version
3. Retry preflight with --repair=auto
${RECOVERY}`,
    )
  }),
)

cargo(
  'AC-116 AC-117 a cargo that cannot be started for another reason: exit 1',
  inHome(async (home) => {
    const other =
      /\nRe-exec failed: cargo run failed\nTried: cargo run -p xtask --features crossval-all -- \.\.\.\nexec\(\) error: .*\ncargo run error: (.*)\n\nRecovery steps:\n1\. Verify cargo: cargo --version\n/
    const cut = await inCheckout([], { options: { args: ['cut\0here'] } })
    assert.is(cut.code, 1)
    assert.match(other.exec(cut.stderr)?.[1] ?? cut.stderr, 'null bytes')
    const found = join(home, 'cargo')
    fs.writeFileSync(found, '#!/nowhere/sh\n', { mode: 0o755 })
    const broken = await inCheckout([], { env: { PATH: home } })
    assert.is(broken.code, 1)
    assert.is(other.exec(broken.stderr)?.[1], `spawn ${found} ENOENT (kind: NotFound (ENOENT))`)
  }),
)

cargo(
  'a cargo in the working directory, or behind one that may not be executed, is told apart',
  inHome(async (home) => {
    const blocked = join(home, 'blocked')
    fs.mkdirSync(blocked)
    fs.writeFileSync(join(blocked, 'cargo'), '', { mode: 0o644 })
    const tools = toolFolder(join(home, 'tools'), ['cargo', 'rustc', 'cc'])
    const { code, stderr } = await inCheckout([], {
      env: { PATH: `${blocked}:${tools}:/usr/bin:/bin`, CARGO_HOME: process.env['CARGO_HOME'] },
    })
    assert.is(code, 0, stderr)
    fs.writeFileSync(join(home, 'cargo'), '#!/bin/sh\ntouch canary\n', { mode: 0o755 })
    const planted = await inCheckout([], { cwd: home, env: { PATH: '.::' } })
    assert.is(planted.code, 1)
    assert.is(fs.existsSync(join(home, 'canary')), false)
  }),
)

cargo.run()

/** A workspace with a package xtask that says what it was given, as the fresh process of the other tests does. */
function writeWorkspace(folder: string): void {
  fs.mkdirSync(join(folder, 'xtask/src'), { recursive: true })
  fs.writeFileSync(join(folder, 'Cargo.toml'), '[workspace]\nresolver = "2"\nmembers = ["xtask"]\n')
  fs.writeFileSync(
    join(folder, 'xtask/Cargo.toml'),
    `[package]
name = "xtask"
version = "0.0.0"
edition = "2021"

[features]
default = ["gpu"]
gpu = []
crossval = []
crossval-all = ["crossval"]
`,
  )
  fs.writeFileSync(join(folder, 'xtask/src/main.rs'), MAIN)
}

const MAIN = `use std::io::Read;

fn quoted(text: &str) -> String {
    let mut out = String::from("\\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\\\\""),
            '\\\\' => out.push_str("\\\\\\\\"),
            c if (c as u32) < 32 => out.push_str(&format!("\\\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).map(|a| quoted(&a)).collect();
    let env: Vec<String> = std::env::vars()
        .map(|(k, v)| format!("{}:{}", quoted(&k), quoted(&v)))
        .collect();
    let mut stdin = String::new();
    if std::env::var("STDIN").is_ok() {
        std::io::stdin().read_to_string(&mut stdin).unwrap();
    }
    println!(
        "{{\\"pid\\":{},\\"args\\":[{}],\\"cwd\\":{},\\"env\\":{{{}}},\\"stdin\\":{}}}",
        std::process::id(),
        args.join(","),
        quoted(std::env::current_dir().unwrap().to_str().unwrap()),
        env.join(","),
        quoted(&stdin)
    );
    if !cfg!(feature = "gpu") {
        std::process::exit(77);
    }
    match std::env::var("END").as_deref() {
        Ok("abort") => std::process::abort(),
        Ok(code) => std::process::exit(code.parse().unwrap()),
        Err(_) => {}
    }
}
`
