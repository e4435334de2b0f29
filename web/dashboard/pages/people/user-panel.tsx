import { useQuery } from "@tanstack/react-query";
import { getUser, type UserWithGroups } from "../../parts/people/people-api.ts";
import { ROLE_TEXT, UserStateBadge } from "../../parts/people/user-badges.tsx";
import { Badge } from "../../ui/badge.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { UserActions } from "./user-actions.tsx";
import { UserConnections } from "./user-connections.tsx";
import { UserGroups } from "./user-groups.tsx";
import { UserKeys } from "./user-keys.tsx";
import { UserSignIn } from "./user-sign-in.tsx";

interface UserPanelProps {
  /** null: closed. */
  readonly id: string | null;
  readonly onClose: () => void;
}

export function UserPanel({ id, onClose }: UserPanelProps) {
  const found = useQuery({
    queryKey: ["user", id],
    queryFn: ({ signal }) => getUser(id ?? "", signal),
    enabled: id !== null,
  });
  const user = found.data;
  return (
    <Panel
      isOpen={id !== null}
      onClose={onClose}
      title={user === undefined ? "Person" : <bdi>{user.name}</bdi>}
      description={user && <UserLine user={user} />}
      actions={user && <UserActions user={user} onDeleted={onClose} />}
    >
      {found.error === null ? null : <ErrorState error={found.error} retry={() => void found.refetch()} />}
      {found.isPending ? <SkeletonRows label="Loading the person" /> : null}
      {user === undefined ? null : (
        <>
          <UserGroups user={user} />
          <UserConnections user={user} />
          <UserKeys user={user} />
          <UserSignIn user={user} />
        </>
      )}
    </Panel>
  );
}

function UserLine({ user }: { readonly user: UserWithGroups }) {
  return (
    <>
      <bdi className="block">{user.email}</bdi>
      <span className="mt-2 flex flex-wrap gap-2">
        <UserStateBadge user={user} />
        <Badge tone={user.role === "admin" ? "accent" : "plain"}>{ROLE_TEXT[user.role]}</Badge>
      </span>
    </>
  );
}
