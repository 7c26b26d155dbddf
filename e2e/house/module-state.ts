import ts from "typescript";

/** Classes whose objects remember nothing. */
const STATELESS = new Set(["TextEncoder"]);

/** What a module of core does or keeps by itself, when it is imported: `["line 3: let counter"]`. */
export function moduleState(fileName: string, text: string): string[] {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`line ${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      if (isDeclared(statement)) continue;
      for (const declaration of statement.declarationList.declarations) {
        if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0)
          add(declaration, "a variable that is no const");
        else if (declaration.initializer && remembers(declaration.initializer))
          add(declaration, "an object with a state");
      }
    } else if (ts.isClassDeclaration(statement)) {
      for (const member of statement.members) if (isStaticState(member)) add(member, "a static field");
    } else if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement) && !isDeclaration(statement)) {
      add(statement, "a statement that runs on import");
    }
  }
  return found;
}

function isDeclared(statement: ts.VariableStatement): boolean {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

function isDeclaration(statement: ts.Statement): boolean {
  return (
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isModuleDeclaration(statement)
  );
}

function isStaticState(member: ts.ClassElement): boolean {
  if (ts.isClassStaticBlockDeclaration(member)) return true;
  const modifiers = ts.isPropertyDeclaration(member) ? (member.modifiers ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
}

/** An empty array or object is there to be filled, `new Map()` and its like, too; tables and constants are not. */
function remembers(value: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0;
  if (ts.isAwaitExpression(value)) return true;
  return ts.isNewExpression(value) && !STATELESS.has(value.expression.getText());
}
