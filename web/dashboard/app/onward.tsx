import { useEffect } from "react";
import { Redirect } from "wouter";
import { Splash } from "../ui/splash.tsx";
import { isElsewhere } from "./local-path.ts";

/** Goes on to `path` at once, in the place of this page. */
export function Onward({ path }: { readonly path: string }) {
  return isElsewhere(path) ? <Leave path={path} /> : <Redirect to={path} replace />;
}

function Leave({ path }: { readonly path: string }) {
  useEffect(() => location.replace(path), [path]);
  return <Splash />;
}
