import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, generateText, streamText } from "ai";

const [baseURL, prompt] = process.argv.slice(2);
const openai = createOpenAI({ baseURL, apiKey: "none" });
const whole = await generateText({ model: openai("geungeo"), prompt });
const streamed = streamText({ model: openai("geungeo"), prompt });
let text = "";
for await (const piece of streamed.textStream) text += piece;
const follow = await generateText({
  model: openai("geungeo"),
  messages: [
    { role: "user", content: prompt },
    ...whole.response.messages,
    { role: "user", content: "그래서?" },
  ],
});
const compatible = createOpenAICompatible({ name: "geungeo", baseURL });
const listed = await generateText({
  model: compatible("geungeo"),
  prompt,
  providerOptions: { geungeo: { sources: "list" } },
});
const { embedding } = await embed({ model: openai.embedding("geungeo"), value: prompt });
const urls = (sources) => sources.map(({ url, title }) => ({ url, title }));
console.log(
  JSON.stringify({
    whole: whole.text,
    sources: urls(whole.sources),
    streamed: text,
    streamedSources: urls(await streamed.sources),
    follow: follow.text,
    listed: listed.text,
    embedding: embedding.length,
  }),
);
