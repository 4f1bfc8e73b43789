"""Makes the mutants of Python files with cosmic-ray; runs in `.venv-mutants`, which has it.

`python_faults.py FILE ...` prints one JSON object: file -> list of [line, was, becomes, operator].
"""

import ast
import json
import sys
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutants.mutant import Mutant, between

# cosmic-ray replaces each operator by each other one, ten a place: what one of them shows, the next one shows again. These
# are the ones that stay near what was meant; the rest of what it does is taken as it is.
BINARY = {
    "Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "FloorDiv_Mod", "Mod_FloorDiv", "Pow_Mul", "LShift_RShift",
    "RShift_LShift", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd",
}  # fmt: skip
COMPARISON = {
    "Eq_NotEq", "Eq_LtE", "Eq_GtE", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt",
    "GtE_Lt", "Is_IsNot", "IsNot_Is",
}  # fmt: skip
UNARY = {"Delete_Not", "Delete_USub", "Delete_Invert", "USub_UAdd"}


def chosen(operator: str) -> bool:
    """Whether mutants of this operator are made; `operator` is cosmic-ray's name without `core/`."""
    kind, _, what = operator.partition("_")
    kinds = {
        "ReplaceBinaryOperator": BINARY,
        "ReplaceComparisonOperator": COMPARISON,
        "ReplaceUnaryOperator": UNARY,
        # These two ask for arguments: the names of variables.
        "VariableInserter": set(),
        "VariableReplacer": set(),
    }
    return kind not in kinds or what in kinds[kind]


class _OfTheTests(ast.NodeTransformer):
    """Takes away what mypy judges and no test does: annotations, and whether a dataclass is frozen or has slots."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id="dataclass")):
                    decorator.keywords = [word for word in decorator.keywords if word.arg not in {"frozen", "slots"}]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def meaning(source: str) -> str | None:
    """What the text does, as far as tests can tell; None if it is no Python."""
    try:
        return ast.dump(_OfTheTests().visit(ast.parse(source)))
    except SyntaxError:
        return None


def faults(source: str) -> list[Mutant]:
    """The mutants of a text, each once, in the order of the text."""
    tree, sound = get_ast(source), meaning(source)
    found: dict[tuple[int, str, str], Mutant] = {}
    for full_name in sorted(operator_names()):
        name = full_name.removeprefix("core/")
        if not chosen(name):
            continue
        operator = get_operator(full_name)()
        places = sum(1 for node in ast_nodes(tree) for _ in operator.mutation_positions(node))
        for occurrence in range(places):
            faulty = mutate_code(source, operator, occurrence)
            if faulty is None or meaning(faulty) in (None, sound):
                continue
            mutant = between(source, faulty, name)
            found.setdefault(mutant.fault, mutant)
    return sorted(found.values())


if __name__ == "__main__":
    json.dump({path: faults(Path(path).read_text("utf-8")) for path in sys.argv[1:]}, sys.stdout)
