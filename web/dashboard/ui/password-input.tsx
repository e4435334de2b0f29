import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";
import { IconButton } from "./button.tsx";
import { Input } from "./input.tsx";

/** Hidden unless asked for. Give `autoComplete` so that password managers know what it is. */
export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const [isShown, setIsShown] = useState(false);
  return (
    <span className="relative block">
      <Input
        autoCapitalize="off"
        spellCheck={false}
        {...props}
        type={isShown ? "text" : "password"}
        className="pr-10"
      />
      <IconButton
        size="sm"
        icon={isShown ? EyeOff : Eye}
        label={isShown ? "Hide password" : "Show password"}
        onClick={() => setIsShown(!isShown)}
        className="absolute top-0.5 right-0.5"
      />
    </span>
  );
}
