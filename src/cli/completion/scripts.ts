/**
 * The scripts that connect shells with `headspring complete`. They take what it prints as words, never as code: no candidate passes through
 * an evaluation. Without the command on the path, the project's own is called; npx downloads nothing.
 */

import { FILES } from "./candidates.ts";

const RUN = `if type -P headspring >/dev/null 2>&1; then command headspring complete -- "$@"; else command npx --no-install headspring complete -- "$@"; fi 2>/dev/null </dev/null`;

/** By blanks only: bash itself also splits at the characters of COMP_WORDBREAKS, and replaces only what comes after the last of them. */
const BASH = `# headspring completion for bash: eval "$(headspring completion bash)"
_headspring_run() { ${RUN}; }
_headspring() {
  local line="\${COMP_LINE:0:COMP_POINT}" current kept="" word
  local -a words
  read -r -a words <<< "$line"
  case "$line" in *[[:blank:]]) words+=("") ;; esac
  current="\${words[\${#words[@]}-1]}"
  case "$COMP_WORDBREAKS" in *[:=]*) kept="\${current%"\${current##*[:=]}"}" ;; esac
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    if [[ "$word" == "${FILES}" ]]; then compopt -o default 2>/dev/null; return; fi
    COMPREPLY+=("\${word#"$kept"}")
  done < <(_headspring_run "\${words[@]:1}")
  if [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[/=] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _headspring headspring
`;

const ZSH = `#compdef headspring
# headspring completion for zsh: eval "$(headspring completion zsh)"
_headspring_run() { if (( $+commands[headspring] )); then command headspring complete -- "$@"; else command npx --no-install headspring complete -- "$@"; fi 2>/dev/null </dev/null }
_headspring() {
  local line word found=1
  local -a open shownOpen whole shownWhole
  for line in "\${(@f)$(_headspring_run "\${(@Q)words[2,CURRENT]}")}"; do
    word="\${line%%$'\\t'*}"
    [[ -z "$word" ]] && continue
    if [[ "$word" == "${FILES}" ]]; then _files; return; fi
    line="\${line/$'\\t'/  -- }"
    if [[ "$word" == *[/=] ]]; then open+=("$word"); shownOpen+=("$line"); else whole+=("$word"); shownWhole+=("$line"); fi
  done
  (( $#open )) && compadd -l -S '' -d shownOpen -a open && found=0
  (( $#whole )) && compadd -l -d shownWhole -a whole && found=0
  return found
}
if (( $+functions[compdef] )); then compdef _headspring headspring; fi
`;

const FISH = `# headspring completion for fish: headspring completion fish | source
function __headspring_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found
    if command -q headspring
        set found (command headspring complete -- $words[2..-1] 2>/dev/null </dev/null)
    else
        set found (command npx --no-install headspring complete -- $words[2..-1] 2>/dev/null </dev/null)
    end
    if test "$found" = "${FILES}"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c headspring -f -a '(__headspring_complete)'
`;

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
