import "./app/link-token.ts";
import "./app/style-nonce.ts";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./app/query-client.ts";
import { Routes } from "./app/routes.tsx";
import { Toasts } from "./ui/toasts.tsx";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Routes />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
}
