package dialect

import (
	"slices"
	"strings"
)

// Vocabulary is what is known of a format beyond what its reader understands:
// the kinds of records that are kept as they are, and the fields of lines. What
// is not in it is news: the writer has changed.
type Vocabulary struct {
	Kinds  []string // as Event.Type spells them; with * behind, all that begin so
	Fields []string // of a line, not of what lies below
}

// VocabularyOf returns what is known of a format, and whether anything is.
func VocabularyOf(d Dialect) (Vocabulary, bool) {
	v, ok := vocabularies[d.Name()]
	return v, ok
}

// KnowsKind reports whether a kind is known.
func (v Vocabulary) KnowsKind(kind string) bool {
	return slices.ContainsFunc(v.Kinds, func(k string) bool {
		start, open := strings.CutSuffix(k, "*")
		return k == kind || open && strings.HasPrefix(kind, start)
	})
}

// KnowsField reports whether a field is known. Where no fields are listed, all
// are.
func (v Vocabulary) KnowsField(field string) bool {
	return len(v.Fields) == 0 || slices.Contains(v.Fields, field)
}

var vocabularies = map[string]Vocabulary{
	"claude": {
		Kinds: strings.Fields(`ai-title api-request api-request-blob api-request-shape atis-latch attachment/* cost-state custom-title agent-name
			file-history-snapshot last-prompt mode permission-mode progress/* queue-operation summary system/away_summary system/bridge_status
			system/informational system/local_command system/microcompact_boundary system/stop_hook_summary system/turn_duration tag tools-used
			turn_end worktree-state pr-link frame-link journal/* workflow`),
		Fields: strings.Fields(`agentId agentName agentType aiTitle apiBlockIndex apiError attributionPlugin attributionSkill frameUrl key label path phase result apiErrorStatus apiErrorType atis attachment attributionAgent cause
			compactMetadata content customTitle cwd data durationMs entrypoint error failedResponseHadNoToolCall forkedFrom gitBranch hasOutput
			hasUnknownModelCost hookCount hookErrors hookInfos id imagePasteIds isApiErrorMessage isCompactSummary isMeta isSidechain isSnapshotUpdate
			isVisibleInTranscriptOnly lastPrompt leafUuid level logicalParentUuid madeBy maxRetries mcpMeta message messageCount messageId microcompactMetadata
			mode modelUsage operation origin params parentToolUseID parentUuid perTurnEffort permissionDecision permissionMode planContent
			preventedContinuation promptCacheRequested promptId promptSource queueSkipAttachments rendered renderedBesideToolResult renderedRole requestId
			requestRef requestSessionId requestedModel retryAttempt retryInMs sandboxed sessionId slug snapshot source sourceToolAssistantUUID
			sourceToolUseID startTime stopReason subtype summary tag teamName thinkingDisplay thinkingDurationMs thinkingMetadata timestamp title todos
			toolInputStreamMs toolUseID toolUseResult tools totalAPIDuration totalAPIDurationWithoutRetries totalCostUSD totalDuration
			totalLinesAdded totalLinesRemoved totalToolDuration turnOrigin turnPosition type url userType uuid version`),
	},
	"claude-stream": {
		Kinds: strings.Fields(`system/* rate_limit_event conversation_reset tool_progress auth_status`),
		Fields: strings.Fields(`additional_directories agent_id agents analytics_disabled apiKeySource api_error_status api_error_type api_message_id attempt
			betas capabilities claude_code_version cwd description duration_api_ms duration_ms error errors error_status estimated_tokens estimated_tokens_delta event
			fast_mode_disabled_reason fast_mode_state first_content_frame_ms is_api_error_message is_backgrounded is_error last_tool_name max_retries mcp_servers
			memory_paths message messaging_socket_path model modelUsage model_usage_since_last_result num_turns origin original_cwd output_file output_style
			parent_tool_use_id patch per_turn_effort_active permissionMode permission_denials plugins product_feedback_disabled prompt queued_turn_count
			rate_limit_info request_id result result_index retry_delay_ms run_id safety_stops session_id skills slash_commands spawn_depth status stop_reason
			structured_output subagent_stats subagent_type subtype summary summary_is_report supersedes task_description task_id task_type tasks terminal_reason
			terminal_slash_commands thinking_display thinking_duration_ms time_to_request_ms timestamp tool_result_meta tool_use_id tool_use_result tools
			total_cost_usd ttft_ms ttft_stream_ms type ultrathink_available ultrathink_typed_raises usage uuid view_mode aborted compact_metadata`),
	},
	"codex": {
		Kinds: strings.Fields(`event_msg/agent_message event_msg/agent_message_delta event_msg/agent_reasoning* event_msg/context_compacted event_msg/exec_command_*
			event_msg/patch_apply_* event_msg/mcp_tool_call_* event_msg/web_search_* event_msg/collab_* event_msg/thread_* event_msg/turn_diff event_msg/plan_update
			event_msg/token_count event_msg/view_image_tool_call event_msg/image_generation_* event_msg/item_started event_msg/background_event event_msg/warning
			item_completed/AgentMessage item_completed/CollabAgentToolCall item_completed/CommandExecution item_completed/DynamicToolCall item_completed/FileChange
			item_completed/McpToolCall item_completed/Plan item_completed/Reasoning item_completed/WebSearch item_completed/ContextCompaction
			compacted ghost_snapshot reasoning response_item/* session_meta turn_context world_state inter_agent_communication_metadata state`),
		Fields: strings.Fields(`metadata ordinal payload timestamp type id instructions git record_type role content summary encrypted_content name arguments
			call_id output status action input`),
	},
	"codex-exec": {Kinds: strings.Fields(`thread.started item.*`), Fields: strings.Fields(`error item message thread_id type usage`)},
	"copilot": {
		Kinds: strings.Fields(`abort assistant.intent assistant.message_delta assistant.reasoning* assistant.streaming_delta assistant.tool_call_delta hook.*
			permission.* session.* skill.invoked system.* tool.execution_partial_result tool.execution_progress tool.user_requested user_input.* elicitation.* subagent.*
			pending_messages.modified command.* external_tool.* mcp.* sampling.*`),
		Fields: strings.Fields(`agentId currentModel data ephemeral exitCode id parentId sessionId timestamp type usage`),
	},
	"goose-lines": {
		Kinds: strings.Fields(`notification model_change`),
		Fields: strings.Fields(`accumulated_cost accumulated_input_tokens accumulated_output_tokens accumulated_total_tokens cache_read_input_tokens
			cache_write_input_tokens content cost_usd created created_at description error extension_data extension_id id input_tokens log message message_count
			metadata output_tokens progress recipe role schedule_id session_type total_tokens type updated_at user_set_name working_dir`),
	},
	"gemini": {
		Kinds: strings.Fields(`$set $rewindTo rewind session info warning`),
		Fields: strings.Fields(`$rewindTo $set content directories displayContent id kind lastUpdated memoryScratchpad messages model projectHash sessionId startTime
			summary thoughts timestamp tokens toolCalls type`),
	},
	"gemini-stream": {
		Kinds:  []string{"init"},
		Fields: strings.Fields(`content delta error message model output parameters role session_id severity stats status timestamp tool_id tool_name type`),
	},
	"opencode":       {Kinds: strings.Fields(`agent file patch reasoning shell snapshot step-finish step-start subtask`)},
	"opencode-files": {Kinds: strings.Fields(`agent file patch reasoning snapshot step-finish step-start subtask`)},
	"opencode-run":   {Kinds: strings.Fields(`step_start step_finish reasoning snapshot`), Fields: strings.Fields(`error part sessionID timestamp type`)},
	"pi": {
		Kinds: strings.Fields(`auto_retry_end bashExecution branch_summary custom custom/* custom_message label model_change session session_info thinking_level_change`),
		Fields: strings.Fields(`args assistantMessageEvent attempt delayMs errorMessage maxAttempts success branchedFrom cwd customType data details display content firstKeptEntryId firstKeptEntryIndex fromId fromHook id
			isError label message messages modelId name parentId parentSession partialResult provider result summary targetId thinkingLevel timestamp tokensBefore
			toolCallId toolName toolResults type version title model tokensAfter method fromExtension`),
	},
	"codex-history":   {Kinds: strings.Fields(`reasoning plan imageView imageGeneration hookPrompt sleep`)},
	"agents-sessions": {Kinds: strings.Fields(`reasoning item_reference mcp_list_tools mcp_approval_request mcp_approval_response`)},
}
