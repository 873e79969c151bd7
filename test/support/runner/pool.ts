// Runs the files, `jobs` at a time, and at the end, one by one, those that want to be alone.
import type { TestFile } from './find.ts'

export async function runPool(
  files: readonly TestFile[],
  jobs: number,
  run: (file: TestFile) => Promise<void>,
): Promise<void> {
  const together = files.filter((file) => !file.alone)
  const worker = async () => {
    for (let file = together.shift(); file !== undefined; file = together.shift()) await run(file)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  for (const file of files.filter((file) => file.alone)) await run(file)
}
