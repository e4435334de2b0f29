import type { Flow } from "./api.ts";
import { el } from "./dom.ts";
import { announce } from "./view.ts";

const LAST_MS = 120_000;

export function timeLeft(flow: Flow): number {
  return flow.expires_at - flow.now;
}

/**
 * A line that counts down by the gateway's clock: the browser's may be wrong, so only its progress is used. It is a
 * `timer`, which screen readers do not read out by themselves; the last two minutes are announced once.
 *
 * @param renew asks the gateway, once the time is up, how many ms are left after all: a repeated call prolongs a link
 */
export function countdown(flow: Flow, renew: () => Promise<number>, end: () => void): HTMLElement {
  const line = el("p", { class: "expiry", role: "timer" });
  let deadline = performance.now() + timeLeft(flow);
  let isAnnounced = false;
  const isRunning = (): boolean => {
    const left = deadline - performance.now();
    const text = `This link expires in ${inWords(left)}.`;
    if (line.textContent !== text) line.textContent = text;
    if (left <= LAST_MS && !isAnnounced) {
      isAnnounced = true;
      announce("This link expires within two minutes.");
    }
    return left > 0;
  };
  const watch = async (): Promise<void> => {
    if (!line.isConnected) return;
    if (!isRunning()) {
      const left = await renew();
      if (!line.isConnected) return;
      if (left <= 0) return end();
      deadline = performance.now() + left;
    }
    setTimeout(watch, 1000);
  };
  isRunning();
  setTimeout(watch, 1000);
  return line;
}

function inWords(left: number): string {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return seconds > 120 ? `${Math.ceil(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
