import { ArrowRight } from "lucide-react";
import { impactSentences, type Impact } from "./impact-text.ts";

/** What a change would do to people, sentence by sentence. */
export function ImpactList({ impact, none }: { readonly impact: Impact; readonly none: string }) {
  const sentences = impactSentences(impact);
  if (sentences.length === 0) return <p>{none}</p>;
  return (
    <ul className="grid gap-2 text-ink">
      {sentences.map((sentence) => (
        <li key={sentence} className="flex gap-2">
          <ArrowRight aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-soft" />
          {sentence}
        </li>
      ))}
    </ul>
  );
}
