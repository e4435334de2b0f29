import { GateLayout } from "../../app/gate-layout.tsx";

export function SignInPage() {
  return <GateLayout title="Sign in">Soon</GateLayout>;
}
