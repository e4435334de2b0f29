import { CircleCheck, ShieldQuestion } from "lucide-react";
import type { Server } from "../../app/admin-shapes.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";

interface DoneStepProps {
  readonly server: Server;
  readonly onAnother: () => void;
}

export function DoneStep({ server, onAnother }: DoneStepProps) {
  const { id, name, status, auth_type: type } = server;
  const isReady = status === "ready";
  return (
    <EmptyState
      icon={isReady ? CircleCheck : ShieldQuestion}
      title={isReady ? `${name} is ready` : `${name} is added, but not verified yet`}
      action={
        <>
          <Button onClick={onAnother}>Add another server</Button>
          <ButtonLink href={`/servers/${id}`} variant={isReady ? "secondary" : "primary"}>
            Open {name}
          </ButtonLink>
          {isReady ? (
            <ButtonLink href="/" variant="primary">
              Go to My connections
            </ButtonLink>
          ) : null}
        </>
      }
    >
      {isReady
        ? type === "per_user_headers"
          ? "Whoever has access sees its tools in their client. At the first call they get a link, and enter their own values once. To try it yourself, connect under My connections."
          : "Whoever has access sees its tools in their client at once."
        : "Nobody can use it before it has been verified with sample values. Open it and verify it when you have some."}
    </EmptyState>
  );
}
