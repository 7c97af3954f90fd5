"""The semantic graph of a document: signals, what is derived from them, and the rules that decisions are made of."""

from contract.routing.declared_signals import LEAF_TYPES, DeclaredSignals, declared_signals
from contract.routing.rule_nodes import RuleNode, check_rule_node

__all__ = ["LEAF_TYPES", "DeclaredSignals", "RuleNode", "check_rule_node", "declared_signals"]
