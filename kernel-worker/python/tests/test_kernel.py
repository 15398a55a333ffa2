"""The kernel under CPython, with the real IPython and a host that writes down what it is told."""

import asyncio
import json
import os
import random
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from cathode_kernel import Kernel
from cathode_kernel.report import bundle, encode


class Recorder:
    ticks = True

    def __init__(self):
        self.seen = []
        self.waits = []
        self.interrupt = False

    def buffered(self):
        pass

    def stream(self, is_stderr, text):
        self.seen.append(("stderr" if is_stderr else "stdout", text))

    def output(self, report):
        report = json.loads(report)
        self.seen.append((report.pop("kind"), report))

    def flush(self):
        pass

    def wait(self, millis):
        if self.interrupt:
            signal.raise_signal(signal.SIGINT)
        self.waits.append(millis)
        time.sleep_real(millis / 1000)


time.sleep_real = time.sleep
# Where the tests are started in the background, this signal is ignored, and Python then leaves it at that.
signal.signal(signal.SIGINT, signal.default_int_handler)
KERNEL = Kernel()


class Case(unittest.TestCase):
    def setUp(self):
        self.host = Recorder()
        self.streams = sys.stdout, sys.stderr
        KERNEL.attach(self.host)

    def tearDown(self):
        sys.stdout, sys.stderr = self.streams

    def run_cell(self, source, count=1):
        outcome = KERNEL.run(source, count)
        self.assertIsInstance(outcome, str)
        return outcome

    def kinds(self):
        return [kind for kind, _ in self.host.seen]

    def only(self, kind):
        found = [value for name, value in self.host.seen if name == kind]
        self.assertEqual(len(found), 1, self.host.seen)
        return found[0]


class Results(Case):
    def test_last_value_is_the_result(self):
        self.assertEqual(self.run_cell("1\n1 + 1"), "ok")
        self.assertEqual(self.only("execute_result")["data"], {"text/plain": "2"})
        self.assertEqual(self.kinds(), ["execute_result"])

    def test_semicolon_hides_it(self):
        self.run_cell("1 + 1;")
        self.assertEqual(self.host.seen, [])

    def test_history_names(self):
        KERNEL.shell.history_manager.reset()
        self.run_cell("6 * 7", 5)
        self.run_cell("(_, Out[5], _5, In[5])", 6)
        self.assertEqual(self.only_last(), "(42, 42, 42, '6 * 7')")

    def only_last(self):
        return self.host.seen[-1][1]["data"]["text/plain"]

    def test_classes_of_cells_live_in_main(self):
        self.run_cell("import pickle\nclass A: pass\ntype(pickle.loads(pickle.dumps(A()))) is A")
        self.assertEqual(self.only_last(), "True")


class Streams(Case):
    def test_order_is_kept(self):
        self.run_cell("import sys\nprint('a'); print('b', file=sys.stderr); print('c'); display(1); print('d')")
        self.assertEqual(
            self.kinds(), ["stdout", "stderr", "stdout", "display_data", "stdout"]
        )
        self.assertEqual(self.host.seen[0], ("stdout", "a\n"))

    def test_many_lines_cross_in_few_pieces(self):
        self.run_cell("for i in range(100_000): print(i)")
        text = "".join(value for _, value in self.host.seen)
        self.assertEqual(text, "".join(f"{i}\n" for i in range(100_000)))
        self.assertLess(len(self.host.seen), 12)

    def test_without_ticks_text_crosses_while_running(self):
        self.host.ticks = False
        KERNEL.attach(self.host)
        self.run_cell("import time\nfor i in range(3):\n  print(i)\n  end = time.monotonic() + .03\n  while time.monotonic() < end: pass\nprint(9)")
        self.assertGreater(len(self.host.seen), 1)

    def test_write_refuses_what_is_not_text(self):
        self.assertEqual(self.run_cell("import sys\nsys.stdout.write(b'x')"), "error")


class Displays(Case):
    def test_update(self):
        self.run_cell("h = display('a', display_id='x')\nh.update('b')")
        self.assertEqual(self.kinds(), ["display_data", "update_display_data"])
        self.assertEqual([value["display_id"] for _, value in self.host.seen], ["x", "x"])

    def test_clear(self):
        self.run_cell("from IPython.display import clear_output\nclear_output(wait=True)\nclear_output()")
        self.assertEqual([value["wait"] for _, value in self.host.seen], [True, False])

    def test_a_plain_object_has_the_forms_that_it_was_taught(self):
        def shown(source):
            self.host.seen.clear()
            self.run_cell(source)
            return self.host.seen[-1][1]["data"]

        for source, text in [("1 + 1", "2"), ("'a'", "'a'"), ("[1, {'b': None}]", "[1, {'b': None}]"), ("range(3)", "range(0, 3)")]:
            self.assertEqual(shown(source), {"text/plain": text})
        self.assertEqual(shown("class Sub(int):\n  def _repr_html_(self): return '<b>'\nSub(1)")["text/html"], "<b>")
        self.run_cell("forms = get_ipython().display_formatter.formatters")
        self.run_cell("forms['text/html'].for_type(int, lambda value: f'<i>{value}</i>')")
        self.assertEqual(shown("7"), {"text/plain": "7", "text/html": "<i>7</i>"})
        self.run_cell("forms['text/html'].pop(int)")
        self.run_cell("forms['text/plain'].for_type(int, lambda value, printer, cycle: printer.text('int'))")
        self.assertEqual(shown("7"), {"text/plain": "int"})
        self.run_cell("forms['text/plain'].pop(int)")
        self.assertEqual(shown("7"), {"text/plain": "7"})

    def test_json_with_what_json_lacks(self):
        self.run_cell("from IPython.display import JSON\nJSON({'a': float('nan'), 'b': [1, 2]})")
        self.assertEqual(self.only("execute_result")["data"]["application/json"], {"a": None, "b": [1, 2]})

    def test_bundle_types(self):
        self.assertEqual(
            bundle({"image/png": b"\x00", "text/plain": ["a\n", "b"], "application/x+json": {"k": 1}}),
            {"image/png": "AA==", "text/plain": "a\nb", "application/x+json": {"k": 1}},
        )
        self.assertEqual(json.loads(encode({"a": {1: {2, }}})), {"a": {"1": [2]}})

    def test_matplotlib_is_not_needed(self):
        self.assertEqual(self.run_cell("%matplotlib inline"), "ok")


class Errors(Case):
    def test_traceback_has_only_the_code_of_the_cell(self):
        self.assertEqual(self.run_cell("def f():\n    return 1 / 0\nf()", 3), "error")
        error = self.only("error")
        text = "\n".join(error["traceback"])
        self.assertEqual((error["ename"], error["evalue"]), ("ZeroDivisionError", "division by zero"))
        self.assertIn("\x1b[", text)
        self.assertIn("Cell", text)
        self.assertNotIn("cathode_kernel", text)
        self.assertNotIn("interactiveshell", text)

    def test_frames_of_sleep_and_input_are_hidden(self):
        for source in ("import time\ntime.sleep(10)", "input()", "print(b'', file=None, end=3)"):
            self.host.seen.clear()
            self.host.interrupt = "sleep" in source
            self.run_cell(source)
            self.assertNotIn("cathode_kernel", "\n".join(self.only("error")["traceback"]))

    def test_syntax_error(self):
        self.assertEqual(self.run_cell("1 +"), "error")
        self.assertEqual(self.only("error")["ename"], "SyntaxError")
        self.assertIn("^", "\n".join(self.only("error")["traceback"]))

    def test_group(self):
        self.run_cell("raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])")
        text = "\n".join(self.only("error")["traceback"])
        self.assertIn("ValueError: a", text)
        self.assertNotIn("IPython/core", text)

    def test_recursion(self):
        self.assertEqual(self.run_cell("def f(): f()\nf()"), "error")
        self.assertEqual(self.only("error")["ename"], "RecursionError")

    def test_input_says_why(self):
        self.run_cell("input('name?')")
        self.assertEqual(self.only("error")["ename"], "StdinNotImplementedError")

    def test_programs_say_why(self):
        for source in ("!ls", "%%bash\nls", "x = !ls", "%debug", "%conda install x"):
            self.host.seen.clear()
            self.assertEqual(self.run_cell(source), "error", source)
            self.assertEqual(self.only("error")["ename"], "UsageError")

    def test_an_exception_that_cannot_speak(self):
        self.run_cell("class E(Exception):\n  def __str__(self): raise ValueError\nraise E")
        self.assertEqual(self.only("error")["ename"], "E")

    def test_exit(self):
        self.assertEqual(self.run_cell("raise SystemExit(3)"), "error")
        self.assertEqual(self.kinds(), ["error"])


class Front(Case):
    def test_messages_become_outputs(self):
        self.run_cell(
            "ip = get_ipython()\n"
            "def send(kind, **content): ip.kernel.session.send(ip.kernel.iopub_socket, kind, content, parent=ip.parent_header)\n"
            "send('display_data', data={'text/plain': 'a'}, metadata={}, transient={'display_id': 1})\n"
            "send('execute_result', data={'text/plain': 'b'}, metadata={}, transient={'display_id': 'c'}, execution_count=7)\n"
            "send('update_display_data', data={'text/plain': 'd'}, transient={'display_id': 1})\n"
            "send('clear_output', wait=True)\n"
            "send('comm_open', target_name='nobody')"
        )
        self.assertEqual(self.kinds(), ["display_data", "execute_result", "update_display_data", "clear_output"])
        self.assertEqual([report["display_id"] for _, report in self.host.seen[:3]], ["1", "c", "1"])


class Interrupts(Case):
    def test_sleep(self):
        self.host.interrupt = True
        before = time.monotonic()
        self.assertEqual(self.run_cell("import time\ntime.sleep(60)"), "interrupted")
        self.assertLess(time.monotonic() - before, 5)
        self.assertEqual(self.only("error")["ename"], "KeyboardInterrupt")

    def test_sleep_sleeps(self):
        self.run_cell("import time\nt = time.monotonic(); time.sleep(.05); print('late' if time.monotonic() - t >= .05 else 'early')")
        self.assertEqual(self.only("stdout"), "late\n")

    def test_await_is_cancelled(self):
        async def main():
            task = KERNEL.run("import asyncio\nprint('a')\nawait asyncio.sleep(60)", 1)
            await asyncio.sleep(0.01)
            KERNEL.cancel()
            return await task

        self.assertEqual(asyncio.run(main()), "interrupted")
        self.assertEqual(self.only("error")["ename"], "KeyboardInterrupt")


class Async(Case):
    def test_await(self):
        async def main():
            return await KERNEL.run("import asyncio\nawait asyncio.sleep(0, 5)", 1)

        self.assertEqual(asyncio.run(main()), "ok")
        self.assertEqual(self.only("execute_result")["data"]["text/plain"], "5")


class Chance(Case):
    def test_attaching_seeds_anew(self):
        values = set()
        for _ in range(20):
            random.seed(1)
            KERNEL.attach(self.host)
            values.add(random.random())
        self.assertEqual(len(values), 20)


class Completion(Case):
    def test_jedi(self):
        self.run_cell("import os")
        found = KERNEL.complete("os.getc", 7)
        self.assertEqual(found["start"], 3)
        self.assertIn("getcwd", [match["text"] for match in found["matches"]])


class Inspection(Case):
    def plain(self, code, cursor=None):
        found = KERNEL.inspect(code, len(code) if cursor is None else cursor)
        return found and re.sub("\x1b\\[[0-9;]*m", "", found)

    def test_signature_docstring_and_type(self):
        self.run_cell('def tide(moon, *, sun=1):\n    """Says how high the water is."""')
        for code, cursor in [("tide", 4), ("tide", 2), ("é = tide(3", 10), ("len(x)\ntide(1,\n  ", 17)]:
            text = self.plain(code, cursor)
            self.assertIn("tide(moon, *, sun=1)", text, code)
            self.assertIn("Says how high the water is.", text)
            self.assertNotIn("File:", text)
        self.assertIn("\x1b[", KERNEL.inspect("len", 3))
        self.assertIn("builtin_function_or_method", self.plain("len("))
        self.assertIn("Time execution", self.plain("%timeit"))
        self.run_cell("count = 5")
        self.assertIn("int", self.plain("count"))
        self.assertEqual(self.host.seen, [])

    def test_a_line_that_is_badly_indented_is_no_obstacle(self):
        for code, cursor in [("    len\n  x\n", 7), ("        len\n    def f():\n  pass", 11), ("if x:\n    len\n  y", 13)]:
            self.assertIn("Return the number of items", self.plain(code, cursor), code)

    def test_an_object_is_not_asked_for_its_text(self):
        self.run_cell("class Endless:\n    def __repr__(self):\n        while True: pass\nendless = Endless()")
        self.assertIn("Endless", self.plain("endless"))

    def test_nothing_is_known(self):
        sources = "", "   ", "absent", "absent.name", "1 + ", "'''", "\0", "0b12", "(\n", "\ud800"
        for code in sources:
            for cursor in (0, len(code), 99):
                self.assertIsNone(KERNEL.inspect(code, cursor), code)

    def test_nothing_is_put_out_or_left_behind(self):
        KERNEL.shell.history_manager.reset()
        self.run_cell(
            "class Rude:\n"
            "    @property\n"
            "    def name(self): print('property'); raise ValueError\n"
            "    def __getattr__(self, name): print('attribute'); display(name); raise ZeroDivisionError\n"
            "    def __repr__(self): print('text'); raise SystemExit\n"
            "    def __len__(self): import sys; print('length', file=sys.stderr); raise KeyboardInterrupt\n"
            "rude = Rude()\n"
            "6 * 7",
            3,
        )
        self.host.seen.clear()
        for code in ("rude", "rude.name", "rude.other", "len(rude", "rude("):
            KERNEL.inspect(code, len(code))
        self.assertEqual(self.host.seen, [])
        self.run_cell("print('on'); (_, Out[3], len(In))", 4)
        self.assertEqual(self.host.seen[0], ("stdout", "on\n"))
        self.assertEqual(self.host.seen[1][1]["data"]["text/plain"], "(42, 42, 5)")

    def test_what_was_printed_before_is_not_lost(self):
        print("early", file=KERNEL.streams[0])
        KERNEL.inspect("len", 3)
        self.assertEqual(self.host.seen, [("stdout", "early\n")])


if __name__ == "__main__":
    unittest.main()
