// Runs the test files: `node test/support/runner/main.ts [--only SUBSTRING...] [--jobs N]
// [--timeout SECONDS] [--coverage | --coverage-all] [--dir DIR]`. Exit code 1 when a test failed or none ran.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { pruneCoverage, readCoverage, type Scope } from './coverage.ts'
import { testEnvironment } from './environment.ts'
import { findTests } from './find.ts'
import { runPool } from './pool.ts'
import { printed } from './print.ts'
import { runFile } from './run-file.ts'

interface Options {
  readonly dir: string
  /** Parts of paths; none means every file. */
  readonly only: readonly string[]
  readonly jobs: number
  readonly timeoutSeconds: number
  readonly coverage: Scope | undefined
}

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

process.exitCode = (await runTests(readOptions())) ? 0 : 1

async function runTests(options: Options): Promise<boolean> {
  const files = findTests(options.dir, options.timeoutSeconds).filter(
    ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
  )
  if (files.length === 0) console.log(noFile(options))
  const scope = options.coverage
  const coverageDir = scope && mkdtempSync(join(tmpdir(), 'coverage-'))
  try {
    // Of the engine alone only its own tests are measured: programs that others start write megabytes.
    const measured = testEnvironment(coverageDir)
    const plain = testEnvironment(undefined)
    let passed = 0
    let failed = 0
    await runPool(files, options.jobs, async (file) => {
      const isMeasured = scope === 'all' || file.name.includes('graph/')
      const verdict = await runFile(file, isMeasured ? measured : plain)
      passed += verdict.passed
      failed += verdict.failures.length
      console.log(printed(verdict))
      if (coverageDir !== undefined) pruneCoverage(coverageDir)
    })
    const coverage = scope && coverageDir && readCoverage(coverageDir, scope)
    if (coverage) console.log(coverage.text)
    // The last line of the run, for machines as well: nothing may follow it.
    console.log(`${passed} passed, ${failed} failed`)
    return failed === 0 && passed > 0 && (!coverage || coverage.enough)
  } finally {
    if (coverageDir !== undefined) rmSync(coverageDir, { recursive: true, force: true })
  }
}

function noFile({ dir, only }: Options): string {
  const parts = only.map((part) => `'${part}'`).join(' or ')
  return `no test file in ${dir}${parts === '' ? '' : ` has ${parts} in its name`}`
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      jobs: { type: 'string', default: String(availableParallelism()) },
      timeout: { type: 'string', default: '120' },
      coverage: { type: 'boolean', default: false },
      'coverage-all': { type: 'boolean', default: false },
      dir: { type: 'string', default: join(import.meta.dirname, '../..') },
    },
  })
  return {
    dir: values.dir,
    // `--only plan freshness` is two parts.
    only: [...values.only, ...positionals],
    jobs: positive('--jobs', values.jobs),
    timeoutSeconds: positive('--timeout', values.timeout),
    coverage: values['coverage-all'] ? 'all' : values.coverage ? 'engine' : undefined,
  }
}

function positive(flag: string, text: string): number {
  const number = Number(text)
  if (number > 0) return number
  throw new Error(`${flag} needs a number above 0, not '${text}'`)
}
