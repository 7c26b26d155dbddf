import { execFileSync } from "node:child_process";
import { join } from "node:path";
import ts from "typescript";
import { type Entry, root } from "../published-packages.ts";

/** The file in `api` that has what an entry exports: `api/adapter-grpc.client.d.ts`. */
export function reportFile({ specifier }: Entry): string {
  return `api/${specifier.replace(/^@[^/]+\//, "").replaceAll("/", ".")}.d.ts`;
}

/**
 * What an entry exports, in one text that changes when that does and for no other reason: from the declarations that are
 * published, in the order of the names, without comments, without what is marked `@internal`, and without the names of the
 * files that the build divides them into. What is not exported follows where an export mentions it.
 */
export function apiReport(program: ts.Program, entry: Entry): string {
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: true });
  const source = program.getSourceFile(entry.declarations);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`Cannot report API: ${entry.declarations} is not there, \`pnpm build\` makes it`);

  const resolve = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Map(checker.getExportsOfModule(module).map((symbol) => [resolve(symbol), symbol.getName()]));
  const printed = new Map<ts.Symbol, string>();
  const imports = new Map<string, Set<string>>();

  /** Prints the declarations of a symbol, then those that they mention. */
  const print = (symbol: ts.Symbol): void => {
    const declarations = symbol.declarations ?? [];
    const texts = declarations.map((declaration) => {
      const statement = ts.findAncestor(declaration, ts.isStatement) ?? declaration;
      const shown = ts.isClassDeclaration(statement) ? withoutInternals(statement) : statement;
      const text = printer.printNode(ts.EmitHint.Unspecified, shown, statement.getSourceFile());
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      const bare = text.replace(/^(?:(?:export|declare) )*/, isType ? "" : "declare ");
      return exported.has(symbol) ? `export ${bare}` : bare;
    });
    const name = exported.get(symbol);
    if (name !== undefined && name !== symbol.getName()) texts.push(`export { ${symbol.getName()} as ${name} };`);
    printed.set(symbol, texts.join("\n"));
    for (const declaration of declarations) mention(declaration);
  };

  const mention = (node: ts.Node): void => {
    if (isInternal(node)) return;
    ts.forEachChild(node, mention);
    if (!ts.isIdentifier(node)) return;
    const local = checker.getSymbolAtLocation(node);
    const specifier = local?.declarations?.find(ts.isImportSpecifier);
    const from = specifier?.parent.parent.parent.moduleSpecifier;
    if (specifier && from && ts.isStringLiteral(from) && !from.text.startsWith(".")) {
      imports.set(from.text, (imports.get(from.text) ?? new Set()).add(specifier.getText()));
      return;
    }
    const symbol = local && resolve(local);
    const declaration = symbol?.declarations?.[0];
    if (!symbol || !declaration || printed.has(symbol)) return;
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const isOurs = declaration.getSourceFile().fileName.startsWith(join(entry.declarations, ".."));
    if (isOurs && ts.isSourceFile(statement.parent)) print(symbol);
  };

  for (const symbol of exported.keys()) if (!printed.has(symbol)) print(symbol);

  const byName = [...printed].sort(([a], [b]) => (a.getName() < b.getName() ? -1 : 1));
  const isPublic = ([symbol]: readonly [ts.Symbol, string]): boolean => exported.has(symbol);
  const hidden = byName.filter((each) => !isPublic(each)).map(([, text]) => text);
  const text = [
    `// What ${entry.specifier} exports, as e2e/api.test.ts writes it.`,
    "// biome-ignore-all lint: what it is about is in the sources.",
    [...imports.keys()]
      .sort()
      .map((from) => importOf(from, [...(imports.get(from) ?? [])]))
      .join("\n"),
    ...byName.filter(isPublic).map(([, text]) => text),
    ...(hidden.length > 0 ? ["// Not exported, but mentioned by what is:", ...hidden, "export {};"] : []),
  ].join("\n\n");
  const biome = join(root, "node_modules/.bin/biome");
  return execFileSync(biome, ["format", `--stdin-file-path=${reportFile(entry)}`], {
    cwd: root,
    input: text,
  }).toString();
}

function isInternal(node: ts.Node): boolean {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "internal");
}

function withoutInternals(node: ts.ClassDeclaration): ts.ClassDeclaration {
  const members = node.members.filter((member) => !isInternal(member));
  return ts.factory.updateClassDeclaration(
    node,
    node.modifiers,
    node.name,
    node.typeParameters,
    node.heritageClauses,
    members,
  );
}

function importOf(from: string, names: readonly string[]): string {
  const inOrder = [...names].sort((a, b) => a.localeCompare(b, "en"));
  return `import type { ${inOrder.join(", ")} } from "${from}";`;
}
