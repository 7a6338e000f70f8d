"""Sentence templates: words and slots, mined from segmented text."""

from minent.templates.classes import ClassEntry, ClassError, WordClasses, load_classes
from minent.templates.finder import TemplateFinder, find_templates
from minent.templates.settings import CLASS, PARSE, SKIPGRAM, ClassSettings, TemplateSettings
from minent.templates.template import Template, WordClass
from minent.templates.template_set import (
    Filler,
    MinedTemplate,
    TemplateError,
    TemplateSet,
    load_templates,
)

__all__ = [
    "CLASS",
    "PARSE",
    "SKIPGRAM",
    "ClassEntry",
    "ClassError",
    "ClassSettings",
    "Filler",
    "MinedTemplate",
    "Template",
    "TemplateError",
    "TemplateFinder",
    "TemplateSet",
    "TemplateSettings",
    "WordClass",
    "WordClasses",
    "find_templates",
    "load_classes",
    "load_templates",
]
