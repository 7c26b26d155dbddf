import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { StructureRouter } from "typedoc";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages lie where their files lie in the repository, those of the API in `api`, by package. */
export class RepositoryRouter extends StructureRouter {
  getIdealBaseName(reflection) {
    if (!reflection.isDocument()) return `api/${super.getIdealBaseName(reflection).replace(/^@?_?ssewire\//, "")}`;
    const path = relative(root, reflection.project.files.getReflectionPath(reflection) ?? "");
    return path.replace(/\.md$/, "");
  }
}
