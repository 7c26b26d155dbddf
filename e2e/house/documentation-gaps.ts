import { relative } from "node:path";
import ts from "typescript";
import { root } from "../published-packages.ts";

/** What is missing in the documentation of what an entry exports: `["core/src/sse-event.ts:31 sse: no @returns"]`. */
export function documentationGaps(program: ts.Program, entry: string): string[] {
  const checker = program.getTypeChecker();
  const gaps: string[] = [];
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} is no module of the program`);

  const add = (node: ts.Node, name: string, what: string): void => {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    gaps.push(`${relative(root, file.fileName)}:${line + 1} ${name}: ${what}`);
  };

  /** The comment of a declaration; the first of several (overloads, a type and a value) that has one counts for all. */
  const checkText = (symbol: ts.Symbol, node: ts.Node, name: string): void => {
    if (ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === "")
      add(node, name, "no description");
  };

  const checkTag = (symbol: ts.Symbol, node: ts.Node, name: string, tag: string): void => {
    const tags = symbol.getJsDocTags(checker).filter((each) => each.name === tag);
    if (!tags.some(({ text }) => ts.displayPartsToString(text).trim() !== "")) add(node, name, `no @${tag}`);
  };

  const checkParameters = (symbol: ts.Symbol, node: ts.SignatureDeclaration, name: string): void => {
    const tags = symbol.getJsDocTags(checker).filter((tag) => tag.name === "param");
    const documented = new Set(tags.map(({ text }) => /^\w+(?=\s+\S)/.exec(ts.displayPartsToString(text))?.[0]));
    for (const parameter of node.parameters) {
      const parameterName = parameter.name.getText();
      if (!documented.has(parameterName)) add(node, name, `no @param ${parameterName}`);
    }
  };

  const checkMember = (member: ts.ClassElement | ts.TypeElement, owner: string): void => {
    const key = member.name;
    // `[Symbol.asyncDispose]` and its like say what they are, and an error's `name` is that of its class.
    if (!key || !ts.isIdentifier(key) || key.text === "name") return;
    const symbol = checker.getSymbolAtLocation(key);
    // Of an overloaded method or a pair of accessors, the first declaration stands for all.
    if (!symbol || symbol.declarations?.[0] !== member) return;
    const name = `${owner}.${key.getText()}`;
    checkText(symbol, member, name);
    // A method may leave its parameters to what its description links to.
    const linked = ts.displayPartsToString(symbol.getDocumentationComment(checker)).includes("{@link ");
    if (ts.isMethodDeclaration(member) && !linked) checkParameters(symbol, member, name);
  };

  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const name = exported.getName();
    for (const node of symbol.declarations ?? []) {
      if (node === symbol.declarations?.[0]) checkText(symbol, node, name);
      // What the names of generated messages mean is said in their .proto files.
      if (/\/gen\//.test(node.getSourceFile().fileName)) continue;
      if (ts.isFunctionDeclaration(node) && node === symbol.valueDeclaration) {
        checkParameters(symbol, node, name);
        if (!/^(?:void|Promise<void>)$/.test(node.type?.getText() ?? "")) checkTag(symbol, node, name, "returns");
        checkTag(symbol, node, name, "example");
      } else if (ts.isClassDeclaration(node)) {
        checkTag(symbol, node, name, "example");
        for (const member of node.members) checkMember(member, name);
      } else if (ts.isInterfaceDeclaration(node)) {
        for (const member of node.members) checkMember(member, name);
      } else if (ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type)) {
        for (const member of node.type.members) checkMember(member, name);
      }
    }
  }
  return gaps;
}
