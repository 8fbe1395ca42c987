#!/bin/sh
# A small agent that tells of itself with lazytrace emit, and nothing else:
#
#     lazytrace run -- sh testdata/examples/shell/agent.sh
#
# Its model is a line of this script. What comes behind its name is a command
# that it starts as a sub-agent; recorded by lazytrace run as well, that becomes
# a session below this one.
set -u
name=shell-agent
run=$name-$$

# Without a recorder the agent works all the same.
emit() {
	[ -n "${LAZYTRACE_SOCKET:-}${LAZYTRACE_ENDPOINT:-}" ] || return 0
	lazytrace emit --run "$run" --agent "$name" "$@" || echo "$name: $1 was not recorded" >&2
}

# quote TEXT spells it as a JSON string; it must not hold control characters.
quote() {
	printf '"'
	printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g'
	printf '"'
}

emit --parent-run "${LAZYTRACE_PARENT_RUN:-}" agent_start '{"task":"look around"}'

# A model call: asked, answered, with its tokens and its cost.
emit model_request '{"provider":"scripted","model":"scripted-small","call_id":"m1"}'
emit model_response '{"provider":"scripted","model":"scripted-small","call_id":"m1","content":"I will look at the folder.",
	"input_tokens":120,"output_tokens":12,"cost_usd":0.001}'

# A tool, and one that fails.
emit tool_call '{"tool":"list_files","tool_use_id":"t1","arguments":{"path":"."}}'
files=$(ls | wc -l | tr -d ' ')
emit tool_result "{\"tool\":\"list_files\",\"tool_use_id\":\"t1\",\"result\":\"$files files\"}"
emit tool_call '{"tool":"read_file","tool_use_id":"t2","arguments":{"path":"/no/such/file"}}'
if ! error=$(cat /no/such/file 2>&1); then
	emit tool_error "{\"tool\":\"read_file\",\"tool_use_id\":\"t2\",\"error\":$(quote "$error")}"
fi

# A sub-agent of this program is a run with a parent.
emit tool_call '{"tool":"count","tool_use_id":"t3","arguments":{"task":"count the files"}}'
(
	parent=$run
	name=counter run=$run-counter
	emit --parent-run "$parent" agent_start '{"task":"count the files","call_id":"t3"}'
	emit model_response '{"provider":"scripted","model":"scripted-small","input_tokens":30,"output_tokens":3,"cost_usd":0.0002}'
	emit agent_finish "{\"payload\":\"$files\"}"
)
emit tool_result "{\"tool\":\"count\",\"tool_use_id\":\"t3\",\"result\":\"$files\"}"

# A sub-agent that is a program of its own finds this run in its environment.
if [ $# -gt 0 ]; then
	emit tool_call '{"tool":"delegate","tool_use_id":"t4"}'
	if LAZYTRACE_PARENT_RUN=$run "$@"; then
		emit tool_result '{"tool":"delegate","tool_use_id":"t4","result":"done"}'
	else
		emit tool_error "{\"tool\":\"delegate\",\"tool_use_id\":\"t4\",\"error\":\"exit code $?\"}"
	fi
fi

emit agent_finish "{\"payload\":\"there are $files files\"}"
echo "$name: there are $files files"
