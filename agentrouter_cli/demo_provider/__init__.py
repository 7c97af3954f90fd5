"""A provider that needs no key: it speaks OpenAI's chat API, answers from a script and fails on demand."""
