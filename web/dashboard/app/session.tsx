import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext, type ReactNode } from "react";
import { Redirect, useLocation } from "wouter";
import { ErrorState } from "../ui/error-state.tsx";
import { Splash } from "../ui/splash.tsx";
import { answerOf, ApiFailure } from "../../../src/client/client.ts";
import { api } from "./api.ts";
import type { Me, SignInOptions } from "./api-shapes.ts";
import { keepCsrfToken } from "./csrf.ts";

type SignedInUser = NonNullable<Me["user"]>;

interface Session {
  readonly user: SignedInUser;
  readonly isAdmin: boolean;
}

const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only below `SessionGate`. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new TypeError("useSession() is called outside SessionGate.");
  return session;
}

/** `GET /me`: who is signed in, and the servers they may use. */
export function useMe(): UseQueryResult<Me> {
  return useQuery({
    queryKey: ["me"],
    queryFn: async ({ signal }) => {
      const me = await answerOf(api.GET("/api/v1/me", { signal }));
      keepCsrfToken(me.csrf_token);
      return me;
    },
  });
}

export function useSignInOptions(isNeeded = true): UseQueryResult<SignInOptions> {
  return useQuery({
    queryKey: ["sign-in-options"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/sign-in-options", { signal })),
    enabled: isNeeded,
    staleTime: 0,
  });
}

/** Shows its children to whoever is signed in, and leads everybody else to where they can. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const me = useMe();
  const isStranger = me.data?.user === null || (me.error instanceof ApiFailure && me.error.status === 401);
  if (isStranger) return <WayIn />;
  if (me.data?.user) {
    const session = { user: me.data.user, isAdmin: me.data.user.role === "admin" };
    return <SessionContext value={session}>{children}</SessionContext>;
  }
  if (me.error !== null) return <ErrorState error={me.error} retry={() => void me.refetch()} isPage />;
  return <Splash />;
}

function WayIn() {
  const options = useSignInOptions();
  const [path] = useLocation();
  if (options.isPending) return <Splash />;
  if (options.data?.setup_open === true) return <Redirect to="/setup" replace />;
  const here = path + location.search;
  return <Redirect to={here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`} replace />;
}
