// completions SHELL: a script that makes the shell ask us what can follow.
import { EXIT } from '../exit-code.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'

const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const
type CompletingShell = (typeof SHELLS)[number]

/** Prints the completion script for a shell. */
export function completions([shell = '']: readonly string[]): number {
  if (!isShell(shell)) {
    eprint(`no completions for '${shell}'\n  hint: one of ${SHELLS.join(', ')}\n`)
    return EXIT.usage
  }
  print(SCRIPTS[shell])
  return EXIT.available
}

function isShell(name: string): name is CompletingShell {
  return (SHELLS as readonly string[]).includes(name)
}

// Each gives the words up to the cursor, the last one perhaps empty. The program that was typed is asked,
// so that another version in another folder answers for itself. Names of nodes hold '[', ',' and '=', at
// which readline breaks words: the part that it has already is taken off the candidates. Quotes are readline's own.
const SCRIPTS: Readonly<Record<CompletingShell, string>> = {
  bash: `# eval "$(bitnet-tasks completions bash)"
_bitnet_tasks() {
  local line words cur IFS=$'\\n'
  line="\${COMP_LINE:0:COMP_POINT}"
  IFS=$' \\t' read -r -a words <<< "$line"
  cur="\${words[\${#words[@]}-1]}"
  [[ "$line" == *[[:space:]] ]] && { words+=(''); cur=''; }
  words=("\${words[@]//[\\'\\"]/}") cur="\${cur//[\\'\\"]/}"
  COMPREPLY=($("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null))
  local typed="\${COMP_WORDS[COMP_CWORD]//[\\'\\"]/}"
  local had="\${cur%"$typed"}"
  [[ "$typed" == [=:] ]] && had="$cur"
  COMPREPLY=("\${COMPREPLY[@]#"$had"}")
}
complete -o default -F _bitnet_tasks bitnet-tasks
`,
  zsh: `#compdef bitnet-tasks
# eval "$(bitnet-tasks completions zsh)"
_bitnet_tasks() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _bitnet_tasks bitnet-tasks
`,
  fish: `# bitnet-tasks completions fish | source
function __bitnet_tasks
  set -l words (commandline -opc) (commandline -ct | string replace -ra '[\\\\\\\\\\'"]' '')
  set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c bitnet-tasks -f -a '(__bitnet_tasks)'
`,
  pwsh: `# bitnet-tasks completions pwsh | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName bitnet-tasks -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | ForEach-Object { $_.Extent.Text })
  if ($word -eq '') { $words += '""' }
  $rest = @($words | Select-Object -Skip 1 | ForEach-Object { $_.Trim('"', "'") })
  & $words[0] __complete @rest 2>$null | ForEach-Object {
    $text = if ($_ -match '[\\[\\],]') { "'$_'" } else { $_ }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}
`,
}
