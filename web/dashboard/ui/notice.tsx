import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./class-names.ts";

export type Tone = "info" | "good" | "warn" | "bad";

const LOOKS = {
  info: { icon: Info, ground: "bg-accent-soft", ink: "text-accent" },
  good: { icon: CircleCheck, ground: "bg-good-soft", ink: "text-good" },
  warn: { icon: TriangleAlert, ground: "bg-warn-soft", ink: "text-warn" },
  bad: { icon: CircleAlert, ground: "bg-bad-soft", ink: "text-bad" },
} as const;

interface NoticeProps {
  readonly tone: Tone;
  readonly title?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Something to know before going on. A bad one is read out as soon as it appears. */
export function Notice({ tone, title, className, children }: NoticeProps) {
  const { icon: Icon, ground, ink } = LOOKS[tone];
  return (
    <div role={tone === "bad" ? "alert" : undefined} className={cx("flex gap-3 rounded-md p-3", ground, className)}>
      <Icon aria-hidden="true" className={cx("mt-0.5 size-4 shrink-0", ink)} />
      <div className="grid min-w-0 gap-1">
        {title === undefined ? null : <p className="font-medium">{title}</p>}
        <div>{children}</div>
      </div>
    </div>
  );
}
