import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { hideReferences } from './environment.ts';
import type { Finding } from './issues.ts';

/** A YAML text with its values and the line of each of them. */
export interface YamlFile {
  /** Undefined where `syntax` is not empty. References to the environment are still hidden in its texts. */
  readonly value: unknown;
  readonly syntax: readonly { readonly line: number; readonly message: string }[];
  /** The line of the value at this path, or of the nearest thing around it that the file has. From 1. */
  lineOf(path: Finding['path']): number;
}

export function parseYaml(text: string): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(hideReferences(text), { lineCounter, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(1, lineCounter.linePos(offset).line);
  const syntax = document.errors
    .map(({ message, pos }) => ({ line: lineAt(pos[0]), message: `not YAML: ${message}` }))
    .filter(
      ({ line, message }, index, all) => all.findIndex((e) => e.line === line && e.message === message) === index,
    );
  return {
    value: syntax.length > 0 ? undefined : toValue(document, syntax),
    syntax,
    lineOf: (path) => lineAt(offsetOf(document, path)),
  };
}

/** An alias without its anchor, or one that would unfold into too much, only shows here. */
function toValue(document: Document, syntax: { line: number; message: string }[]): unknown {
  try {
    return document.toJS();
  } catch (error) {
    syntax.push({ line: 1, message: `not YAML: ${(error as Error).message}` });
    return undefined;
  }
}

function offsetOf(document: Document, path: Finding['path']): number {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0] ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(segment));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
