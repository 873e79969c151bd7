/** `import()` as Node has it, which a file that is not loaded by Node itself (start.cts) has not. */
export function nativeImport(address: string): Promise<{ default?: unknown }> {
  return import(address)
}
