import { CloudOff } from "lucide-react";
import { messageOf } from "../app/api.ts";
import { Button } from "./button.tsx";
import { cx } from "./class-names.ts";

interface ErrorStateProps {
  readonly error: unknown;
  readonly retry: () => void;
  /** Takes the whole window. */
  readonly isPage?: boolean;
}

/** Instead of what could not be loaded. */
export function ErrorState({ error, retry, isPage = false }: ErrorStateProps) {
  const Title = isPage ? "h1" : "h2";
  const box = (
    <div
      role="alert"
      className={cx(
        "grid justify-items-center gap-1 rounded-md border border-line bg-surface px-6 py-12 text-center",
        isPage && "w-full max-w-md",
      )}
    >
      <span className="mb-3 grid size-10 place-items-center rounded-full bg-bad-soft text-bad">
        <CloudOff aria-hidden="true" className="size-5" />
      </span>
      <Title className="text-base">This could not be loaded</Title>
      <p className="max-w-md text-soft">{messageOf(error)}</p>
      <Button onClick={retry} className="mt-4">
        Try again
      </Button>
    </div>
  );
  return isPage ? <main className="grid min-h-dvh place-items-center p-4">{box}</main> : box;
}
