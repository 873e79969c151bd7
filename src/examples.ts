// Examples for the help of each command; a test parses every one of them.

export interface Example {
  readonly line: string
  readonly says: string
}

/** At least one for each command, the plainest first. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  preflight: [
    { line: 'preflight --backend llama', says: 'look, and repair what is missing' },
    { line: 'preflight --repair=never --json', says: 'only look, for a program' },
    { line: 'preflight --backend llama --source ../llama.cpp', says: 'build your own tree' },
  ],
  init: [{ line: 'init', says: 'bitnet.tasks.ts in this folder' }],
  run: [
    { line: 'run', says: 'all nodes of the nearest bitnet.tasks.ts' },
    { line: "run 'link[debug]' -j4", says: 'one node and what it needs, four at once' },
    {
      line: "run --from 'object[main]' --keep-going",
      says: 'this one again, and what stands on it',
    },
    { line: 'run --events -', says: 'what happens, for a program that looks on' },
  ],
  watch: [{ line: "watch 'link[debug]'", says: 'run it again at each save; q ends' }],
  list: [{ line: 'list object', says: 'the nodes of one task' }],
  plan: [
    { line: 'plan', says: 'what run would do, and why' },
    { line: "plan 'link[debug]' --json", says: 'the same for a program' },
  ],
  explain: [
    { line: "explain 'link[debug]'", says: 'why it would run now' },
    { line: "explain 'link[debug]' --run last", says: 'why it ran the last time' },
    { line: 'explain --run last~2', says: 'all that ran three runs ago' },
  ],
  status: [{ line: 'status', says: 'fresh, stale or maybe, for each node' }],
  graph: [
    { line: 'graph --format html > graph.html', says: 'a page for the browser' },
    { line: 'graph --format dot | dot -Tsvg > graph.svg', says: 'with Graphviz' },
  ],
  shell: [{ line: "shell 'object[main,debug]'", says: 'look around where it runs' }],
  repro: [{ line: "repro 'link[debug]' > repro.sh", says: 'to show to somebody else' }],
  logs: [
    { line: "logs 'link[debug]'", says: 'what it printed' },
    { line: "logs 'link[debug]' --follow", says: 'while it runs' },
  ],
  lint: [
    { line: "lint 'link[debug]'", says: 'does it declare what it touches?' },
    { line: "lint --twice 'link[debug]'", says: 'does it make the same bytes twice?' },
  ],
  'what-if': [{ line: 'what-if include/greet.h', says: 'who would compile again?' }],
  affected: [
    { line: 'affected src/main.c', says: 'the nodes that this file reaches' },
    { line: 'affected $(git diff --name-only main)', says: 'those of a branch' },
  ],
  query: [
    { line: "query deps 'link[debug]'", says: 'all that it needs' },
    { line: "query rdeps 'object[main,debug]'", says: 'all that stands on it' },
    { line: "query path compiler 'link[debug]'", says: 'how one comes to need the other' },
    { line: 'query stale', says: 'what would run' },
  ],
  runs: [{ line: 'runs', says: 'the newest last, each with its id' }],
  report: [
    { line: 'report --html run.html', says: 'the last run as one page' },
    { line: 'report --run last~1 --trace t.json', says: 'the run before it, for Perfetto' },
  ],
  timings: [{ line: 'timings --run last', says: 'the critical path and the slowest nodes' }],
  clean: [{ line: "clean 'object[debug]' --dry-run", says: 'what would be removed' }],
  cache: [
    { line: 'cache stats', says: 'what it holds' },
    { line: 'cache gc', says: 'bring it within its limits' },
  ],
  doctor: [{ line: 'doctor', says: 'before the first repair' }],
  verify: [{ line: 'verify --backend llama', says: 'is every byte as it was built?' }],
  diagnose: [{ line: 'diagnose build.log --stage build', says: 'what went wrong in a log' }],
  history: [{ line: 'history --last 5', says: 'the newest five repairs' }],
  completions: [{ line: 'completions bash >> ~/.bashrc', says: 'zsh, fish and pwsh alike' }],
  env: [{ line: 'env --emit github >> "$GITHUB_ENV"', says: 'for the next steps of a job' }],
  'setup-cpp-auto': [{ line: 'setup-cpp-auto --emit=sh', says: 'for eval "$(...)" in a shell' }],
}

/** The examples of a command, as its help ends. */
export function examplesText(command: string): string {
  const rows = (EXAMPLES[command] ?? []).map(({ line, says }) => ({
    line: `bitnet-tasks ${line}`,
    says,
  }))
  const width = Math.max(0, ...rows.map(({ line }) => line.length))
  // Side by side where 80 columns hold both.
  const fits = rows.every(({ says }) => width + says.length + 4 <= 80)
  const text = rows.map(({ line, says }) =>
    fits ? `  ${line.padEnd(width)}  ${says}` : `  # ${says}\n  ${line}`,
  )
  return `\n${rows.length > 1 ? 'Examples' : 'Example'}:\n${text.join('\n')}`
}
