// The PromQL editor; a chunk of its own, loaded with the page that needs it.
import CodeMirror from "codemirror";
import "codemirror/addon/edit/closebrackets";
import "codemirror/addon/edit/matchbrackets";
import "codemirror/addon/hint/show-hint";
import { useEffect, useRef } from "react";
import { hintsAt } from "./hints";
import type { Place } from "./place";
import { tokenOf } from "./tokens";

const opensAfter = 2;

CodeMirror.defineMode("promql", () => ({ token: tokenOf }));

/** Enter chooses only what was gone to with the arrows, so that it never replaces what was typed; Tab takes the marked one. */
function showHints(editor: CodeMirror.Editor): void {
  let hasMoved = false;
  const move = (step: number) => (_: CodeMirror.Editor, widget: { moveFocus: (by: number, avoidWrap: boolean) => void }) => {
    hasMoved = true;
    widget.moveFocus(step, false);
  };
  editor.showHint({
    hint: hintsAt, completeSingle: false, closeOnUnfocus: true, container: document.querySelector("main") ?? document.body,
    customKeys: {
      Up: move(-1), Down: move(1), PageUp: move(-8), PageDown: move(8),
      Tab: (_, widget) => widget.pick(),
      Esc: (_, widget) => widget.close(),
      Enter: (cm, widget) => {
        if (hasMoved) return widget.pick();
        widget.close();
        cm.execCommand("newlineAndIndent");
      },
    },
  });
}

export default function QueryEditor({ text, wrong, describedBy, change, run }: {
  text: string; wrong: Place | null; describedBy: string; change: (text: string) => void; run: (text: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeMirror.Editor | null>(null);
  const latest = useRef({ change, run });
  latest.current = { change, run };

  useEffect(() => {
    if (!box.current) return undefined;
    const made = CodeMirror(box.current, {
      value: text, mode: "promql", lineWrapping: true, viewportMargin: Infinity, matchBrackets: true, autoCloseBrackets: true,
      extraKeys: {
        "Ctrl-Enter": (cm) => latest.current.run(cm.getValue()), "Cmd-Enter": (cm) => latest.current.run(cm.getValue()),
        "Ctrl-Space": showHints, Tab: false, "Shift-Tab": false,
      },
    });
    made.getInputField().setAttribute("aria-label", "PromQL query");
    made.on("change", (cm) => latest.current.change(cm.getValue()));
    made.on("inputRead", (cm, change) => {
      if (change.origin !== "+input") return;
      const word = /[\w:]*$/.exec(cm.getLine(cm.getCursor().line).slice(0, cm.getCursor().ch))?.[0] ?? "";
      if (word.length >= opensAfter || /[{,"(]$/.test(change.text[0] ?? "")) showHints(cm);
    });
    editor.current = made;
    return () => made.getWrapperElement().remove();
  }, []);

  useEffect(() => {
    if (editor.current && editor.current.getValue() !== text) editor.current.setValue(text);
  }, [text]);

  useEffect(() => {
    const made = editor.current;
    if (!made) return undefined;
    made.getInputField().setAttribute("aria-describedby", describedBy);
    made.getInputField().setAttribute("aria-invalid", String(wrong !== null));
    if (!wrong) return undefined;
    const length = made.getLine(wrong.line)?.length ?? 0;
    const from = Math.min(wrong.character, Math.max(0, length - 1)); // at the end: its last character
    const word = /^[\w:.]+/.exec(made.getLine(wrong.line)?.slice(from) ?? "")?.[0]?.length ?? 1;
    const mark = made.markText({ line: wrong.line, ch: from }, { line: wrong.line, ch: from + word }, { className: "query-wrong" });
    return () => mark.clear();
  }, [wrong?.line, wrong?.character, describedBy]);

  return <div className="query-editor" ref={box} />;
}
