"""Runs a script over its syntax tree: the part of PowerShell that the project's scripts are written in.

Owns statements, expressions, functions and their scopes; cmdlets are the session's (session.py). Whatever it does not know is an
error of the test and never passed over.
"""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from tree_sitter import Node

from tests.support.powershell import syntax
from tests.support.powershell.values import (
    WHITE_SPACE,
    Block,
    Row,
    ScriptError,
    Table,
    Unsupported,
    collected,
    compare,
    enumerated,
    text,
    truth,
)


class Session(Protocol):
    """What runs what is not the script's own."""

    def run(self, cmdlet: str, parameters: Mapping[str, Any]) -> list[Any]:
        """Run a cmdlet and return what it puts out. Raises ScriptError."""

    def say(self, stream: str, words: str) -> None:
        """Show a person something."""

    def ask(self, action: str, target: str) -> bool:
        """Ask a person whether to go on (-Confirm)."""

    def now(self) -> datetime:
        """Return the time."""

    def sleep(self, seconds: int) -> None:
        """Wait."""


class _Return(Exception):  # noqa: N818  # it is no error
    pass


@dataclass
class _Scope:
    """Variables; those of the caller are seen (dynamic scope), and never written."""

    parent: "_Scope | None" = None
    variables: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        scope: _Scope | None = self
        while scope is not None:
            if name.casefold() in scope.variables:
                return scope.variables[name.casefold()]
            scope = scope.parent
        raise ScriptError(f"The variable '${name}' cannot be retrieved because it has not been set.")

    def set(self, name: str, value: Any) -> None:
        self.variables[name.casefold()] = value


class Interpreter:
    """One run of one script."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._functions: dict[str, Node] = {}
        self._scope = _Scope()

    def run(self, script: str, *switches: str) -> None:
        """Run a script with switches such as `Apply` or `WhatIf`. Raises ScriptError where it ends with an error."""
        root = syntax.parse(script)
        block = next(child for child in root.children if child.type == "param_block")
        names = [name for name, _, _ in _parameters(block)]
        unknown = set(switches) - {*names, "WhatIf", "Confirm"}
        if unknown:
            raise ScriptError(f"A parameter cannot be found that matches parameter name '{unknown.pop()}'.")
        for name in names:
            self._scope.set(name, name in switches)
        self._scope.set("WhatIfPreference", "WhatIf" in switches)
        self._confirm = "Confirm" in switches
        self._scope.set("PSCmdlet", self)
        with contextlib.suppress(_Return):
            self._statements(root)

    # -- statements ----------------------------------------------------------------------------------------------------

    def _statements(self, node: Node) -> list[Any]:
        """Run the statements below a node and return what they put out."""
        out: list[Any] = []
        for child in node.named_children:
            if child.type in ("statement_list", "script_block", "script_block_body"):
                out += self._statements(child)
            elif child.type not in ("comment", "param_block", "empty_statement"):
                try:
                    out += self._statement(child)
                except _Return as returned:
                    raise _Return([*out, *(returned.args[0] if returned.args else [])]) from None
        return out

    def _statement(self, node: Node) -> list[Any]:
        handler: Callable[[Node], list[Any]] | None = getattr(self, f"_do_{node.type}", None)
        if handler is None:
            raise Unsupported(f"the statement {node.type}: {syntax.source(node)[:80]}")
        return handler(node)

    def _do_pipeline(self, node: Node) -> list[Any]:
        first = node.named_children[0]
        if first.type == "assignment_expression":
            self._assign(first)
            return []
        return self._chain(first)

    def _do_function_statement(self, node: Node) -> list[Any]:
        name = syntax.source(next(child for child in node.children if child.type == "function_name"))
        self._functions[name.casefold()] = next(child for child in node.children if child.type == "script_block")
        return []

    def _do_if_statement(self, node: Node) -> list[Any]:
        condition, block, *rest = [child for child in node.named_children if child.type != "comment"]
        if truth(collected(self._do_pipeline(condition))):
            return self._statements(block)
        for clauses in rest:
            for clause in clauses.named_children if clauses.type == "elseif_clauses" else [clauses]:
                parts = [child for child in clause.named_children if child.type != "comment"]
                if clause.type == "else_clause" or truth(collected(self._do_pipeline(parts[0]))):
                    return self._statements(parts[-1])
        return []

    def _do_foreach_statement(self, node: Node) -> list[Any]:
        variable, values, block = [child for child in node.named_children if child.type != "comment"]
        out: list[Any] = []
        for value in self._do_pipeline(values):
            self._scope.set(syntax.source(variable)[1:], value)
            out += self._statements(block)
        return out

    def _do_while_statement(self, node: Node) -> list[Any]:
        condition, block = [child for child in node.named_children if child.type != "comment"]
        out: list[Any] = []
        while truth(collected(self._do_pipeline(condition.named_children[0]))):
            out += self._statements(block)
        return out

    def _do_try_statement(self, node: Node) -> list[Any]:
        block, clauses = [child for child in node.named_children if child.type != "comment"]
        try:
            return self._statements(block)
        except ScriptError as error:
            (clause,) = clauses.named_children
            self._scope.set("_", error.record)
            self._caught = error
            return self._statements(clause.named_children[-1])

    def _do_flow_control_statement(self, node: Node) -> list[Any]:
        word = node.children[0].type
        value = self._do_pipeline(node.named_children[0]) if node.named_children else None
        if word == "return":
            raise _Return(value or [])
        if word == "throw":
            raise self._caught if value is None else ScriptError(text(collected(value)))
        raise Unsupported(word)

    def _assign(self, node: Node) -> None:
        target, operator, value = node.named_children
        if syntax.source(operator) != "=":
            raise Unsupported(f"the assignment {syntax.source(operator)}")
        target = syntax.inner(target)
        # An expression is assigned as it is; what commands put out is collected.
        single = syntax.inner(value)
        commands = single.type in ("pipeline", "pipeline_chain", "command")
        assigned = collected(self._do_pipeline(value)) if commands else self._value(single)
        if target.type == "variable":
            self._scope.set(syntax.source(target)[1:], assigned)
        elif target.type == "element_access":
            holder, key = self._value(target.named_children[0]), self._value(target.named_children[1])
            if not isinstance(holder, Table):
                raise Unsupported("an element of an array assigned to")
            holder[text(key)] = assigned
        else:
            raise Unsupported(f"an assignment to {target.type}")

    # -- pipelines and commands ----------------------------------------------------------------------------------------

    def _chain(self, node: Node) -> list[Any]:
        flowing: list[Any] | None = None
        for part in node.named_children if node.type == "pipeline_chain" else [node]:
            if part.type == "command":
                flowing = self._command(part, flowing)
            elif flowing is None:
                flowing = list(enumerated(self._value(part)))
            else:
                raise Unsupported("an expression in the middle of a pipeline")
        return flowing or []

    def _command(self, node: Node, flowing: list[Any] | None) -> list[Any]:
        name = syntax.name_of(node)
        if name is None:
            called = next(child for child in syntax.walk(node) if child.type == "variable")
            block = self._scope.get(syntax.source(called)[1:])
            return self._in_new_scope(block.node, {})
        command = syntax.command_of(node)
        own = self._functions.get(name.casefold())
        given = {key: True if value is None else self._argument(value) for key, value in command.parameters.items()}
        arguments = [self._argument(argument) for argument in command.arguments]
        if own is not None:
            return self._call(own, given, arguments)
        builtin = getattr(self, "_run_" + name.casefold().replace("-", "_"), None)
        if builtin is not None:
            out: list[Any] = builtin(given, arguments, flowing or [])
            return out
        if arguments or flowing is not None:
            raise Unsupported(f"{name} with arguments that have no name, or with input")
        if given.pop("ErrorAction", None) != "Stop" and not name.endswith(
            ("-ConnectionInformation", "-ExchangeOnline")
        ):
            raise ScriptError(f"{name} without -ErrorAction Stop would go on after an error")
        return self._session.run(name, given)

    def _argument(self, node: Node) -> Any:
        return syntax.source(node) if node.type == "generic_token" else self._value(node)

    def _call(self, block: Node, given: Mapping[str, Any], arguments: list[Any]) -> list[Any]:
        declared = [child for child in block.children if child.type == "param_block"]
        values: dict[str, Any] = {}
        waiting = list(arguments)
        for name, kind, default in _parameters(declared[0]) if declared else []:
            if name in given:
                value = given[name]
            elif waiting:
                value = waiting.pop(0)
            else:
                value = self._value(default) if default is not None else None
            values[name.casefold()] = text(value) if kind == "string" else value
        if waiting:
            raise ScriptError("A positional parameter cannot be found.")
        return self._in_new_scope(block, values)

    def _in_new_scope(self, block: Node, values: dict[str, Any]) -> list[Any]:
        self._scope = _Scope(self._scope, values)
        try:
            return self._statements(block)
        except _Return as returned:
            out: list[Any] = returned.args[0] if returned.args else []
            return out
        finally:
            assert self._scope.parent is not None
            self._scope = self._scope.parent

    def _each(self, block: Block, flowing: list[Any]) -> list[tuple[Any, list[Any]]]:
        """Run a block once for each object, in the scope that is there."""
        out = []
        for value in flowing:
            self._scope.set("_", value)
            out.append((value, self._statements(block.node)))
        return out

    def _run_where_object(self, _: Mapping[str, Any], arguments: list[Any], flowing: list[Any]) -> list[Any]:
        return [value for value, out in self._each(arguments[0], flowing) if truth(collected(out))]

    def _run_foreach_object(self, _: Mapping[str, Any], arguments: list[Any], flowing: list[Any]) -> list[Any]:
        return [each for _, out in self._each(arguments[0], flowing) for each in out]

    def _run_select_object(self, given: Mapping[str, Any], _: list[Any], flowing: list[Any]) -> list[Any]:
        if set(given) != {"First"}:
            raise Unsupported(f"Select-Object {given}")
        return flowing[: given["First"]]

    def _run_out_null(self, _given: Mapping[str, Any], _arguments: list[Any], _flowing: list[Any]) -> list[Any]:
        return []

    def _run_set_strictmode(self, given: Mapping[str, Any], _: list[Any], _flowing: list[Any]) -> list[Any]:
        assert given == {"Version": "2.0"}
        return []

    def _run_write_host(self, _: Mapping[str, Any], arguments: list[Any], _flowing: list[Any]) -> list[Any]:
        self._session.say("host", text(arguments[0]))
        return []

    def _run_write_warning(self, _: Mapping[str, Any], arguments: list[Any], _flowing: list[Any]) -> list[Any]:
        self._session.say("warning", text(arguments[0]))
        return []

    def _run_write_progress(self, given: Mapping[str, Any], _: list[Any], _flowing: list[Any]) -> list[Any]:
        assert set(given) == {"Activity", "Status"}
        return []

    def _run_start_sleep(self, given: Mapping[str, Any], _: list[Any], _flowing: list[Any]) -> list[Any]:
        self._session.sleep(given["Seconds"])
        return []

    def _run_get_date(self, _given: Mapping[str, Any], _arguments: list[Any], _flowing: list[Any]) -> list[Any]:
        return [self._session.now()]

    def should_process(self, target: str, action: str) -> bool:
        """$PSCmdlet.ShouldProcess."""
        if truth(self._scope.get("WhatIfPreference")):
            self._session.say("host", f'What if: Performing the operation "{action}" on target "{target}".')
            return False
        return self._session.ask(action, target) if self._confirm else True

    # -- expressions ---------------------------------------------------------------------------------------------------

    def _value(self, node: Node) -> Any:
        node = syntax.inner(node)
        handler: Callable[[Node], Any] | None = getattr(self, f"_eval_{node.type}", None)
        if handler is None:
            raise Unsupported(f"the expression {node.type}: {syntax.source(node)[:80]}")
        return handler(node)

    def _eval_pipeline(self, node: Node) -> Any:
        return collected(self._do_pipeline(node))

    def _eval_pipeline_chain(self, node: Node) -> Any:
        return collected(self._chain(node))

    def _eval_command(self, node: Node) -> Any:
        return collected(self._command(node, None))

    def _eval_variable(self, node: Node) -> Any:
        name = syntax.source(node).removeprefix("$").removeprefix("{").removesuffix("}")
        constants = {"true": True, "false": False, "null": None}
        return constants[name.casefold()] if name.casefold() in constants else self._scope.get(name)

    def _eval_integer_literal(self, node: Node) -> int:
        return int(syntax.source(node), 0)

    def _eval_real_literal(self, node: Node) -> str:
        return syntax.source(node)

    def _eval_string_literal(self, node: Node) -> str:
        (literal,) = node.children
        if literal.type == "verbatim_string_characters":
            return syntax.verbatim(syntax.source(literal))
        if literal.type != "expandable_string_literal":
            raise Unsupported(literal.type)
        raw, start = literal.text or b"", literal.start_byte
        meant, position = "", 1
        for child in literal.named_children:
            meant += syntax.escaped(raw[position : child.start_byte - start].decode())
            meant += text(self._value(child) if child.type == "variable" else collected(self._statements(child)))
            position = child.end_byte - start
        end = raw.rstrip().rfind(b'"')
        return meant + syntax.escaped(raw[position:end].decode())

    def _eval_parenthesized_expression(self, node: Node) -> Any:
        (pipeline,) = [child for child in node.named_children if child.type != "comment"]
        single = syntax.inner(pipeline)
        # `(1, 2)` and `(@())` stay arrays.
        return self._value(single) if single.type != "pipeline" else collected(self._do_pipeline(pipeline))

    def _eval_array_expression(self, node: Node) -> list[Any]:
        return self._statements(node)

    def _eval_array_literal_expression(self, node: Node) -> list[Any]:
        return [self._value(child) for child in node.named_children]

    def _eval_script_block_expression(self, node: Node) -> Block:
        return Block(next(child for child in node.children if child.type == "script_block"))

    def _eval_hash_literal_expression(self, node: Node) -> Table:
        entries = [entry for entry in syntax.walk(node) if entry.type == "hash_entry"]
        return Table(
            (syntax.source(entry.named_children[0]), self._value(entry.named_children[1])) for entry in entries
        )

    def _eval_cast_expression(self, node: Node) -> Any:
        kind, value = syntax.source(node.named_children[0]).casefold(), self._value(node.named_children[1])
        if kind == "[char]":
            return value.to_bytes(2, "big").decode("utf-16-be", "surrogatepass")
        if kind == "[datetime]":
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        raise Unsupported(kind)

    def _eval_expression_with_unary_operator(self, node: Node) -> Any:
        if node.child_count == 1:
            return self._value(node.children[0])
        operator, operand = node.children[0].type.casefold(), node.named_children[-1]
        value = self._value(operand)
        if operator == "-not":
            return not truth(value)
        if operator == "-split":
            return [part for part in re.split(f"{WHITE_SPACE}+", text(value)) if part]
        if operator == "-join":
            joined = "".join(text(each) for each in enumerated(value))
            # Halves of a character beyond the first plane find each other, as they do in .NET.
            return joined.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
        raise Unsupported(operator)

    def _eval_unary_expression(self, node: Node) -> Any:
        return self._value(node.named_children[0])

    def _eval_logical_expression(self, node: Node) -> bool:
        left, operator, right = node.children
        if operator.type.casefold() == "-and":
            return truth(self._value(left)) and truth(self._value(right))
        if operator.type.casefold() == "-or":
            return truth(self._value(left)) or truth(self._value(right))
        raise Unsupported(operator.type)

    def _eval_comparison_expression(self, node: Node) -> Any:
        left, operator, right = node.children
        return compare(syntax.source(operator).casefold(), self._value(left), self._value(right))

    def _eval_additive_expression(self, node: Node) -> Any:
        left, operator, right = node.children
        first, second = self._value(left), self._value(right)
        if operator.type != "+":
            raise Unsupported(operator.type)
        if isinstance(first, list):
            return [*first, *enumerated(second)]
        return first + second if isinstance(first, int) else first + text(second)

    def _eval_format_expression(self, node: Node) -> str:
        left, _, right = node.children
        values = list(enumerated(self._value(right)))
        return re.sub(r"\{(\d+)\}", lambda found: text(values[int(found[1])]), text(self._value(left)))

    def _eval_member_access(self, node: Node) -> Any:
        holder, name = self._value(node.named_children[0]), syntax.source(node.named_children[1])
        if isinstance(holder, Row):
            return holder.get(name)
        if isinstance(holder, Table):
            if name == "Keys":
                return list(holder)
            if name == "Count":
                return len(holder)
            if not holder.has(name):
                raise ScriptError(f"The property '{name}' cannot be found on this object.")
            return holder.get_value(name)
        if isinstance(holder, list) and name == "Count":
            return len(holder)
        raise ScriptError(f"The property '{name}' cannot be found on this object.")

    def _eval_element_access(self, node: Node) -> Any:
        holder, key = (self._value(child) for child in node.named_children)
        return holder[key] if isinstance(holder, list) else holder.get_value(text(key))

    def _eval_invokation_expression(self, node: Node) -> Any:
        holder, name = self._value(node.named_children[0]), syntax.source(node.named_children[1])
        found = [child for child in syntax.walk(node.named_children[2]) if child.type == "argument_expression"]
        arguments = [self._value(argument) for argument in found]
        if isinstance(holder, Table) and name == "ContainsKey":
            return holder.has(text(arguments[0]))
        if isinstance(holder, Table) and name == "Remove":
            holder.remove(text(arguments[0]))
            return []
        if isinstance(holder, str) and name == "Trim":
            return re.sub(f"^{WHITE_SPACE}+|{WHITE_SPACE}+$", "", holder)
        if holder is self and name == "ShouldProcess":
            return self.should_process(*arguments)
        raise Unsupported(f"the method {name}")


def _parameters(block: Node) -> list[tuple[str, str, Node | None]]:
    """Return name, type and default of each parameter of a param block."""
    found = []
    for parameter in (node for node in syntax.walk(block) if node.type == "script_parameter"):
        name = syntax.source(next(child for child in parameter.children if child.type == "variable"))[1:]
        kinds = [syntax.source(node) for node in syntax.walk(parameter) if node.type == "type_identifier"]
        defaults = [child for child in parameter.children if child.type == "script_parameter_default"]
        default = defaults[0].named_children[-1] if defaults else None
        found.append((name, kinds[0] if kinds else "", default))
    return found


__all__ = ["Interpreter", "Row", "ScriptError", "Session"]
