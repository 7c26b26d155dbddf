import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ProgressPage } from "./progress-page.tsx";

const root = document.querySelector("#root");
if (root === null) throw new Error("The page has no #root");
createRoot(root).render(
  <StrictMode>
    <ProgressPage />
  </StrictMode>,
);
