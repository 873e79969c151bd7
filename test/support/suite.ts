// What a test file imports instead of uvu. uvu still runs the tests; this layer notices what uvu
// keeps to itself or swallows: the name and time of each test, a thrown hook, a forgotten `.run()`.
import { type Callback, type Test, suite as uvuSuite } from 'uvu'

import { watchSuite } from './runner/watch.ts'

export function suite<T extends object = Record<string, unknown>>(
  name: string,
  context?: T,
): Test<T> {
  const inner = uvuSuite<T>(name, context ?? ({} as T))
  const watch = watchSuite<T>(name)
  const { record } = watch

  const add = (addToUvu: () => void): void => {
    if (record.hasRun) throw new Error(`suite '${name}': nothing can follow its .run()`)
    addToUvu()
  }
  const addTest = (addToUvu: Test<T> | Test<T>['only'], title: string, body: Callback<T>): void =>
    add(() => {
      record.titles.push(title)
      addToUvu(title, watch.body(body))
    })

  inner.before.each(watch.start)
  return Object.assign((title: string, body: Callback<T>) => addTest(inner, title, body), {
    only: (title: string, body: Callback<T>) => addTest(inner.only, title, body),
    skip: () => add(() => watch.skip()),
    before: Object.assign((hook: Callback<T>) => add(() => inner.before(watch.before(hook))), {
      each: (hook: Callback<T>) => add(() => inner.before.each(watch.body(hook))),
    }),
    after: Object.assign((hook: Callback<T>) => add(() => inner.after(watch.after(hook))), {
      each: (hook: Callback<T>) => add(() => inner.after.each(watch.afterEach(hook))),
    }),
    run: () =>
      add(() => {
        inner.after.each(watch.end)
        record.hasRun = true
        inner.run()
      }),
  })
}
