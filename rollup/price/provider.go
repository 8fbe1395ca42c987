package price

import "strings"

// makers are asked in this order when a model is not priced by the provider
// that served it: those who make a model set its price.
var makers = []string{"anthropic", "openai", "google", "xai", "mistral", "deepseek", "moonshotai", "zai", "alibaba", "minimax", "cohere", "xiaomi", "inception"}

// anybody is the provider of a log that names none, or only a gateway that
// passes on what others serve.
const anybody = ""

// canonical returns the table's name of a provider as logs spell it.
func canonical(name string) string {
	key := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '*':
			return r
		}
		return -1
	}, name)
	if other, ok := aliases[key]; ok {
		return other
	}
	return key
}

// aliases are other names of providers, both sides without signs.
var aliases = map[string]string{
	"claude": "anthropic", "claudecode": "anthropic", "anthropicmessages": "anthropic",
	"codex": "openai", "lazytrace": "openai", "openaicodex": "openai", "chatgpt": "openai", "openairesponses": "openai",
	"gemini": "google", "geminicli": "google", "googlegeminicli": "google", "googleai": "google", "googleaistudio": "google",
	"googlegenai": "google", "googlegenerativeai": "google", "gcpgemini": "google", "gcpgenai": "google", "antigravity": "google",
	"vertex": "googlevertex", "vertexai": "googlevertex", "vertexaibeta": "googlevertex", "gcpvertexai": "googlevertex", "gcpvertex": "googlevertex",
	"vertexaianthropic": "googlevertexanthropic", "anthropicvertex": "googlevertexanthropic", "vertexanthropic": "googlevertexanthropic",
	"bedrock": "amazonbedrock", "awsbedrock": "amazonbedrock", "bedrockconverse": "amazonbedrock", "anthropicbedrock": "amazonbedrock",
	"azureopenai": "azure", "azureopenairesponses": "azure", "azureai": "azure", "azaiopenai": "azure", "azaiinference": "azure", "azureaiinference": "azure", "azurefoundry": "azure",
	"grok": "xai", "mistralai": "mistral", "deepseekai": "deepseek", "moonshot": "moonshotai", "kimi": "moonshotai",
	"zhipu": "zhipuai", "glm": "zai", "zaiorg": "zai", "qwen": "alibaba", "dashscope": "alibaba", "minimaxai": "minimax", "metallama": "llama",
	"copilot": "githubcopilot", "together": "togetherai", "fireworks": "fireworksai", "accounts": "fireworksai", "hf": "huggingface",
	// Those who pass on what others serve, and what is no provider's name.
	"litellm": anybody, "litellmproxy": anybody, "portkey": anybody, "models": anybody, "model": anybody,
}
