// What is said of the environment that commands see.

export const OPEN_ENVIRONMENT =
  'warning: --no-strict-env: commands see your whole environment; what they make is neither recorded as fresh nor stored\n'
