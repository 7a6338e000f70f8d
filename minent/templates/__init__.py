"""Sentence templates: words and slots, mined from segmented text."""

from minent.templates.finder import TemplateFinder, find_templates
from minent.templates.settings import TemplateSettings
from minent.templates.template import Template
from minent.templates.template_set import Filler, MinedTemplate, TemplateError, TemplateSet, load_templates

__all__ = [
    "Filler",
    "MinedTemplate",
    "Template",
    "TemplateError",
    "TemplateFinder",
    "TemplateSet",
    "TemplateSettings",
    "find_templates",
    "load_templates",
]
