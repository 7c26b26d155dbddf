import type { Options } from "tsup";
import { packageBuild } from "../../tsup.base.ts";

const options: Options = packageBuild("src/index.ts");

export default options;
