// The environment of the children: ours, without what would make a test depend on whose shell it is.
export function testEnvironment(coverageDir: string | undefined): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const name of Object.keys(env)) {
    if (dropped.has(name) || name.startsWith('ZX_')) delete env[name]
  }
  env['NO_COLOR'] = '1'
  if (coverageDir !== undefined) env['NODE_V8_COVERAGE'] = coverageDir
  return env
}

const dropped = new Set([
  'BITNET_CPP_DIR',
  'BITNET_REPAIR_IN_PROGRESS',
  'BITNET_REPAIR_PARENT',
  // Node warns on stderr when both this and NO_COLOR are set.
  'FORCE_COLOR',
  'LLAMA_CPP_DIR',
])
