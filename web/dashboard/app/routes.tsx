import { lazy, Suspense, type ComponentType } from "react";
import { Route, Switch } from "wouter";
import { MyConnectionsPage } from "../pages/my-connections/my-connections-page.tsx";
import { NotFoundPage } from "../pages/not-found/not-found-page.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { Splash } from "../ui/splash.tsx";
import { PageBoundary } from "./page-boundary.tsx";
import { SessionGate, useSession } from "./session.tsx";
import { Shell } from "./shell.tsx";

type Page = ComponentType;

/** A page whose code is loaded when it is first gone to. */
function page<Module>(load: () => Promise<Module>, pick: (module: Module) => Page): Page {
  return lazy(async () => ({ default: pick(await load()) }));
}

/** In front of the dashboard: for whoever is not signed in yet, or answers one question only. */
const OPEN: Readonly<Record<string, Page>> = {
  "/sign-in": page(
    () => import("../pages/sign-in/sign-in-page.tsx"),
    (m) => m.SignInPage,
  ),
  "/setup": page(
    () => import("../pages/setup/setup-page.tsx"),
    (m) => m.SetupPage,
  ),
  "/invite": page(
    () => import("../pages/invite/invite-page.tsx"),
    (m) => m.InvitePage,
  ),
  "/consent/:uid": page(
    () => import("../pages/consent/consent-page.tsx"),
    (m) => m.ConsentPage,
  ),
};

const PERSONAL: Readonly<Record<string, Page>> = {
  "/": MyConnectionsPage,
  "/connect-a-client": page(
    () => import("../pages/connect-a-client/connect-a-client-page.tsx"),
    (m) => m.ConnectAClientPage,
  ),
  "/keys": page(
    () => import("../pages/keys/keys-page.tsx"),
    (m) => m.KeysPage,
  ),
  "/apps": page(
    () => import("../pages/apps/apps-page.tsx"),
    (m) => m.AppsPage,
  ),
  "/account": page(
    () => import("../pages/account/account-page.tsx"),
    (m) => m.AccountPage,
  ),
};

/** Nobody but administrators is shown these, or told that they exist. The API refuses them anyway. */
const ADMINISTRATION: Readonly<Record<string, Page>> = {};

export function Routes() {
  return (
    <PageBoundary>
      <Suspense fallback={<Splash />}>
        <Switch>
          {routesOf(OPEN)}
          <Route>
            <SessionGate>
              <Shell>
                <Inside />
              </Shell>
            </SessionGate>
          </Route>
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

function Inside() {
  const { isAdmin } = useSession();
  return (
    <PageBoundary>
      <Suspense fallback={<SkeletonRows />}>
        <Switch>
          {routesOf(PERSONAL)}
          {isAdmin ? routesOf(ADMINISTRATION) : null}
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

function routesOf(pages: Readonly<Record<string, Page>>) {
  return Object.entries(pages).map(([path, component]) => <Route key={path} path={path} component={component} />);
}
