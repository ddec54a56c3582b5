#!/usr/bin/env python3
"""A function added to a public header becomes a method of the bindings; a shape without a rule stops the build."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["SOURCE_DIRECTORY"])


def generate(*declarations):
    """What the generator makes of the headers with more declarations in them: files by name, or its complaint."""
    with tempfile.TemporaryDirectory() as scratch:
        headers, output = Path(scratch, "headers"), Path(scratch, "output")
        shutil.copytree(SOURCE / "include/aiostate", headers)
        (headers / "zz.h").write_text("".join(f"/* New. */\nAIO_API {d};\n" for d in declarations))
        command = [sys.executable, str(SOURCE / "bindings/generator/generate.py"), str(headers), str(output)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            return run.stderr
        return {path.name: path.read_text() for path in output.rglob("*") if path.is_file()}


class Generator(unittest.TestCase):
    def test_setting(self):
        made = generate("size_t AIO_CALL aio_state_depth(const aio_state *state)")
        self.assertIn("size_t depth() {", made["aiostate.hpp"])
        self.assertIn("State.depth\n", made["functions.txt"])

    def test_operation(self):
        made = generate(
            "aio_status AIO_CALL aio_state_read_line(aio_state *state, size_t limit, aio_buffer_callback callback,"
            " const aio_io_options *options)"
        )
        self.assertIn("void read_line(size_t limit, int token, const IoOptions *options)", made["aiostate.hpp"])
        self.assertIn('"State.read_line limit token IoOptions\\n"', made["aiostate.hpp"])

    def test_creation(self):
        made = generate(
            "aio_status AIO_CALL aio_state_connect_pipe(aio_collection *collection, const char *name,"
            " aio_state_callback callback, const aio_connect_options *options, aio_state **out)"
        )
        self.assertIn("void connect_pipe(Collection *collection, const char *name, int token", made["aiostate.hpp"])

    def test_every_function_is_made_by_hand_or_left_out_with_a_reason(self):
        symbols = set((SOURCE / "src/capi/aiostate.symbols").read_text().split())
        sys.path.insert(0, str(SOURCE / "bindings/generator"))
        import headers
        import model
        import words

        api = headers.parse(SOURCE / "include/aiostate")
        declared = {f.name for f in api.functions}
        self.assertEqual(symbols, declared)
        self.assertEqual(set(), (model.HANDWRITTEN | set(model.LEFT_OUT)) - declared)
        self.assertEqual(set(), set(words.WORDS) - declared - {s.name for s in api.structs})

    def test_unknown_shape_is_told(self):
        complaint = generate("aio_status AIO_CALL aio_state_map(aio_state *state, void (*each)(int))")
        self.assertIn("aio_state_map: no rule for the parameter", complaint)
        self.assertIn("model.py", complaint)


if __name__ == "__main__":
    unittest.main()
