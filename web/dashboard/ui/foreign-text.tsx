import { clean } from "../../connect/dom.ts";

interface ForeignTextProps {
  readonly text: string;
  /** Characters at the most. */
  readonly max?: number;
}

/**
 * Text of a server, a client or another person: without control, bidirectional and invisible characters, of bounded
 * length, and in a direction of its own, so that it can neither hide nor reorder what stands around it (A18).
 */
export function ForeignText({ text, max = 80 }: ForeignTextProps) {
  return <bdi>{clean(text, max)}</bdi>;
}
