import { useEffect, useRef, type ReactNode, type SubmitEvent } from "react";
import { Button } from "../../ui/button.tsx";
import { cx } from "../../ui/class-names.ts";
import { Actions } from "../../ui/dialog.tsx";

interface StepProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  /** On the button that goes on; absent when there is nothing to go on to. */
  readonly next?: string | undefined;
  readonly isBusy?: boolean;
  readonly onNext?: () => void;
  readonly onBack?: (() => void) | undefined;
  /** Another way on, beside the main one. */
  readonly other?: ReactNode;
  /** Takes all the room there is. */
  readonly isWide?: boolean;
}

/** One step of the way. Its heading takes the focus, so that it is read out. */
export function Step(props: StepProps) {
  const { title, description, children, next, isBusy = false, onNext, onBack, other, isWide = false } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);

  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    onNext?.();
  }

  return (
    <form noValidate onSubmit={submit} className={cx("min-w-0", !isWide && "max-w-2xl")}>
      <h2 ref={heading} tabIndex={-1} className="text-lg">
        {title}
      </h2>
      {description === undefined ? null : <div className="mt-1 max-w-2xl text-soft">{description}</div>}
      <div className="mt-5">{children}</div>
      <Actions>
        {onBack === undefined ? null : <Button onClick={onBack}>Back</Button>}
        {other}
        {next === undefined ? null : (
          <Button type="submit" variant="primary" isBusy={isBusy}>
            {next}
          </Button>
        )}
      </Actions>
    </form>
  );
}
