import { Redirect, useSearch } from "wouter";
import { GateLayout } from "../../app/gate-layout.tsx";
import { localPath } from "../../app/local-path.ts";
import { Onward } from "../../app/onward.tsx";
import { useMe, useSignInOptions } from "../../app/session.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Splash } from "../../ui/splash.tsx";
import { PasswordForm } from "./password-form.tsx";
import { signInProblem } from "./sign-in-problem.ts";
import { SsoButton } from "./sso-button.tsx";

export function SignInPage() {
  const search = new URLSearchParams(useSearch());
  const next = localPath(search.get("next"));
  const me = useMe();
  const options = useSignInOptions();

  if (me.data?.user) return <Onward path={next} />;
  if (options.data?.setup_open === true) return <Redirect to="/setup" replace />;
  if (options.error !== null) {
    return <ErrorState error={options.error} retry={() => void options.refetch()} isPage />;
  }
  if (options.isPending) return <Splash />;

  const { sso, password } = options.data;
  const problem = signInProblem(search.get("error"));
  return (
    <GateLayout title="Sign in" description={next.startsWith("/connect/") ? "Then your link opens." : undefined}>
      <div className="grid gap-5">
        {problem === null ? null : <Notice tone="bad">{problem}</Notice>}
        {sso === null ? null : <SsoButton label={sso.label} next={next} />}
        {sso !== null && password ? (
          <div className="flex items-center gap-3 text-sm text-soft before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
            or
          </div>
        ) : null}
        {password ? <PasswordForm next={next} isSecond={sso !== null} /> : null}
      </div>
    </GateLayout>
  );
}
